// Short words at the corner: a notification that leads somewhere, or what went wrong.
import { clone, icon, make } from "./page.js";
import { say } from "./strings.js";

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

/** Say that something was done, with a way back where `undo` is one. */
export function toastDone(text, undo) {
  const toast = make("div", "toast", icon("check"), make("span", "", text));
  if (undo) {
    const button = make("button", "button small", say("undo"));
    button.type = "button";
    button.addEventListener("click", () => {
      toast.remove();
      (document.getElementById("composer-text") ?? document.getElementById("content"))?.focus();
      undo();
    });
    toast.append(button);
  }
  show(toast);
}

function show(toast) {
  while (box.children.length > 2) box.firstElementChild.remove();
  box.append(toast);
  // Not while somebody is at it.
  const wait = () => setTimeout(() => (toast.matches(":hover, :focus-within") ? wait() : toast.remove()), FOR);
  wait();
}
