// What lists and dialogs of things put by share: a dialog that is fetched, a way back, and a focus that is never lost.
import { ask } from "./page.js";
import { say } from "./strings.js";
import { toastDone, toastProblem } from "./toasts.js";

const dialog = document.getElementById("later-dialog");
let opener = null;

/** Open the form at `url` in a dialog; closing it gives the focus back to `from`. `filled(dialog)` is called before. */
export async function openDialog(url, from = document.activeElement, filled = () => {}) {
  opener = from?.id;
  await htmx.ajax("GET", url, { target: "#later-dialog", swap: "innerHTML" });
  if (!dialog.childElementCount || dialog.open) return;
  filled(dialog);
  dialog.showModal();
}

dialog.addEventListener("close", () => {
  dialog.replaceChildren();
  (document.getElementById(opener) ?? document.querySelector("[data-list]") ?? document.getElementById("composer-text"))?.focus({ preventScroll: true });
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-dialog]");
  if (event.target.closest("[data-close-dialog]")) dialog.close();
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openDialog(link.dataset.dialog, link);
});
// The way back is to ask `url` by `method` with `fields`.
document.addEventListener("parley:undo", ({ detail: { text, url, method, fields } }) => {
  dialog.close();
  const undo = () => {
    (document.getElementById("content") ?? document.getElementById("composer-text"))?.focus();
    ask(url, { method, fields }).catch((refused) => toastProblem(refused.detail || say("failed.network")));
  };
  toastDone(text, url && undo);
});
document.addEventListener("htmx:after:swap", () => {
  if (document.activeElement !== document.body) return;
  const lost = dialog.open ? dialog.querySelector("[aria-invalid=true]") : document.querySelector("[data-list]");
  lost?.focus({ preventScroll: true });
});
