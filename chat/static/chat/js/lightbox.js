// A picture large, over the page; the arrow keys go through the pictures around it, Esc closes.
import { icon, make } from "./page.js";
import { say } from "./strings.js";

const image = make("img", "lightbox-image");
const caption = make("bdi", "lightbox-name truncate");
const counter = make("span", "lightbox-count");
const download = make("a", "button quiet icon-only", icon("download"));
const previous = button("back", "lightbox.previous", () => go(-1));
const next = button("back", "lightbox.next", () => go(1));
const close = button("close", "lightbox.close", () => dialog.close());
const dialog = make("dialog", "lightbox", make("header", "lightbox-head", caption, counter, download, close), previous, image, next);
let pictures = [];
let opener = null;
let at = 0;

previous.classList.add("lightbox-previous");
next.classList.add("lightbox-next");
download.setAttribute("aria-label", say("lightbox.download"));
dialog.setAttribute("aria-label", say("lightbox"));
counter.setAttribute("role", "status");
document.body.append(dialog);

/** Show the picture that this link leads to, among those of the same list of messages. */
export function openLightbox(picture) {
  const list = picture.closest("#timeline, #thread-list, [data-copies]") ?? picture.parentElement;
  // What is covered stays so.
  pictures = [...list.querySelectorAll(".file-picture")].filter((one) => one === picture || one.checkVisibility());
  at = pictures.indexOf(picture);
  opener = { picture, message: picture.closest(".message")?.id };
  show();
  dialog.showModal();
}

function go(step) {
  at = Math.min(pictures.length - 1, Math.max(0, at + step));
  show();
}

function show() {
  const { href, dataset } = pictures[at];
  image.removeAttribute("src"); // or the last one stays until this one is here
  image.src = href;
  image.alt = caption.textContent = download.download = dataset.name;
  download.href = href;
  counter.textContent = say("lightbox.count", { at: at + 1, all: pictures.length });
  // Not `disabled`, which would drop the focus at the ends.
  previous.setAttribute("aria-disabled", String(at === 0));
  next.setAttribute("aria-disabled", String(at === pictures.length - 1));
}

function button(name, label, press) {
  const made = make("button", "button quiet icon-only", icon(name));
  made.type = "button";
  made.setAttribute("aria-label", say(label));
  made.addEventListener("click", press);
  return made;
}

dialog.addEventListener("keydown", (event) => {
  const forward = getComputedStyle(dialog).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
  event.preventDefault();
  go(event.key === forward ? 1 : -1);
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
dialog.addEventListener("close", () => {
  const { picture, message } = opener;
  pictures = [];
  if (picture.isConnected) return; // the dialog gives the focus back by itself
  const same = document.getElementById(message);
  (same?.querySelector(`.file-picture[href="${CSS.escape(picture.getAttribute("href"))}"]`) ?? same)?.focus({ preventScroll: true });
});
