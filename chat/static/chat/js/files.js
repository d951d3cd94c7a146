// The files of a message: what their fragment leaves to the page, and opening a picture large.
import { say } from "./strings.js";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** A size in words, such as "1.5 MB". */
export function inWords(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const format = { style: "unit", unit: UNITS[step], maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(undefined, format).format(bytes / 1024 ** step);
}

/** Add the words to the files of a message; they are the same for everybody, and so in no language. */
export function drawFiles(message) {
  for (const file of message.querySelectorAll(":scope > .files > .file")) {
    for (const size of file.querySelectorAll("[data-bytes]")) size.textContent = inWords(Number(size.dataset.bytes));
    for (const state of file.querySelectorAll(".file-state")) state.textContent = say(`file.${file.dataset.state}`);
    for (const picture of file.querySelectorAll(".file-picture")) picture.setAttribute("aria-label", say("file.open", picture.dataset));
  }
}

document.addEventListener("click", async (event) => {
  const picture = event.target.closest?.(".file-picture");
  if (!picture || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { openLightbox } = await import("./lightbox.js");
  openLightbox(picture);
});
