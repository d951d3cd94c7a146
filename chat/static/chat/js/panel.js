// The right column: htmx fills it; this keeps the focus, closes it, and says when something went wrong.
import { signIn, addresses } from "./page.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const panel = document.getElementById("panel");
let opener = null;

/** Fetch a panel; closing it gives the focus back to `from`, or to what has replaced it by then. */
export function openPanel(url, from) {
  if (from && !panel.contains(from)) opener = from;
  return htmx.ajax("GET", url, { target: "#panel", swap: "innerHTML" });
}

/** Close the panel and give the focus back; false when it was not open. */
export function closePanel() {
  if (!panel.childElementCount) return false;
  panel.replaceChildren();
  const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  (back || (document.getElementById("composer-text") ?? document.getElementById("content")))?.focus();
  opener = null;
  return true;
}

document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement, target } = event.detail.ctx;
  // A script's request has the body as its source: `openPanel` knows better.
  if (target === panel && sourceElement !== document.body && !panel.contains(sourceElement)) opener = sourceElement;
});

document.addEventListener("htmx:before:swap", (event) => {
  const response = event.detail.ctx.response;
  if (!response) return;
  if (response.raw.redirected && new URL(response.raw.url).pathname.startsWith(addresses.signIn)) {
    event.preventDefault();
    signIn();
  } else if (response.status >= 400 && response.status !== 422 && response.status !== 409) {
    event.preventDefault(); // a whole error page has no place in a panel
    toastProblem(say(response.status === 429 ? "failed.429" : response.status === 404 ? "failed.404" : "failed"));
  }
});
document.addEventListener("htmx:error", () => toastProblem(say("failed.network")));

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  const inside = event.detail.ctx.sourceElement.closest?.("#panel") || target === panel;
  if (!inside || panel.contains(document.activeElement)) return;
  if (target === panel || document.activeElement === document.body) {
    (panel.querySelector("[autofocus]") ?? panel.querySelector("#panel-title"))?.focus();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) closePanel();
});
