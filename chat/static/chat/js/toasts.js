// Short words at the corner: a notification that leads somewhere, or what went wrong.
import { clone, icon, make } from "./page.js";

const box = document.getElementById("toasts");
const FOR = 7000;

export function toastNotification({ title, text, link }) {
  const toast = clone("template-toast");
  const [head, body] = [toast.querySelector("strong"), toast.querySelector("span > span")];
  head.textContent = title;
  body.textContent = text;
  toast.href = link;
  show(toast);
}

export function toastProblem(text) {
  show(make("div", "toast", icon("warning"), make("span", "", text)));
}

function show(toast) {
  while (box.children.length > 2) box.firstElementChild.remove();
  box.append(toast);
  let timer = setTimeout(() => toast.remove(), FOR);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("focusin", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(() => toast.remove(), FOR)));
}
