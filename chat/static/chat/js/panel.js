// The right column: htmx fills it; this keeps the focus, closes it, and says when something went wrong.
import { addresses, make, signIn } from "./page.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const panel = document.getElementById("panel");
let opener = null;
let held = null; // what had the focus when a panel came that nobody asked for
let latest = null; // what was asked for last: no other answer is shown

/**
 * Fetch a panel; closing it gives the focus back to `from`, or to what has replaced it by then.
 * `ready`, a promise of what the panel needs, comes first: it may end in another order than it was asked for.
 */
export async function openPanel(url, from, ready) {
  const asked = {};
  latest = asked;
  if (from && !panel.contains(from)) opener = from;
  try {
    await ready;
  } catch {
    if (latest !== asked) return;
    latest = null;
    return toastProblem(say("failed.network"));
  }
  if (latest === asked) await fetchPanel(url);
}

/** Fetch what is in the panel anew, without being asked by anybody: what somebody asks for goes before it, and the focus
 * stays where they write. */
export function refreshPanel(url) {
  if (!latest) fetchPanel(url, "unasked");
}

async function fetchPanel(url, how = "") {
  // htmx lets requests of one element wait for each other, and drops the third: each gets an element of its own.
  const source = make("span", `asks ${how}`);
  source.hidden = true;
  document.body.append(source);
  await htmx.ajax("GET", url, { source, target: "#panel", swap: "innerHTML" });
  source.remove();
}

/** Close the panel and give the focus back; false when it was not open. */
export function closePanel() {
  const isAwaited = latest !== null;
  latest = null;
  if (!panel.childElementCount) return isAwaited;
  panel.replaceChildren();
  const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
  (back || (document.getElementById("composer-text") ?? document.getElementById("content")))?.focus();
  opener = null;
  return true;
}

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.target !== panel) return;
  latest = ctx;
  if (!panel.contains(ctx.sourceElement) && !ctx.sourceElement.matches(".asks")) opener = ctx.sourceElement;
});
document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx === latest) latest = null;
});

const isUnasked = (ctx) => ctx?.target?.id === "sidebar"; // fetched by itself, and again at the next news
const isOvertaken = (ctx) => ctx?.target === panel && ctx !== latest;

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const { response } = ctx;
  if (!response) return;
  if (isOvertaken(ctx)) return event.preventDefault();
  if (ctx === latest) latest = null; // what asked goes with the panel's content, and tells of no end then
  if (response.raw.redirected && new URL(response.raw.url).pathname.startsWith(addresses.signIn)) {
    event.preventDefault();
    signIn();
  } else if (response.status >= 400 && response.status !== 422 && response.status !== 409) {
    event.preventDefault(); // a whole error page has no place in a panel
    if (!isUnasked(ctx)) toastProblem(say(response.status === 429 ? "failed.429" : response.status === 404 ? "failed.404" : "failed"));
  } else if (ctx.sourceElement.matches?.(".unasked") && !panel.contains(document.activeElement)) {
    held = document.activeElement;
  }
});
document.addEventListener("htmx:error", ({ detail: { ctx } }) => isOvertaken(ctx) || isUnasked(ctx) || toastProblem(say("failed.network")));

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail.ctx.target;
  const inside = event.detail.ctx.sourceElement.closest?.("#panel") || target === panel;
  const writing = held;
  held = null;
  if (writing) return writing.focus({ preventScroll: true }); // htmx heeds `autofocus`, too
  if (!inside || panel.contains(document.activeElement)) return;
  if (target === panel || document.activeElement === document.body) {
    (panel.querySelector("[autofocus]") ?? panel.querySelector("#panel-title"))?.focus();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) closePanel();
});
