// Catching up by keyboard: one unread room or thread after another. J skips, K goes back, Enter marks read and goes on.
import { ask } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const bar = document.getElementById("catch-bar");
const end = document.getElementById("catch-end");
const links = [...document.querySelectorAll("#catch-list [data-place]")];
let at = 0;
let shown = null; // whose messages are on the screen: only they can be read
let asking = null;
let busy = false;
let undoing = null; // what was marked read last
let refreshing = 0;

const place = () => document.getElementById("catch-place");
const isDone = (link) => !link.querySelector("[data-done]").hidden;

async function show(index, { focus = true } = {}) {
  at = Math.max(0, Math.min(index, links.length));
  for (const [number, link] of links.entries()) {
    if (number === at) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  const link = links[at];
  end.hidden = Boolean(link);
  place().hidden = !link;
  bar.querySelector("[data-catch=read]").hidden = bar.querySelector("[data-catch=skip]").hidden = !link;
  asking?.abort();
  place().inert = link !== shown; // nobody begins an answer in what is about to go
  shown = null;
  if (!link) return finish();
  link.scrollIntoView({ block: "nearest" });
  await fetchPlace(link);
  if (focus && shown === link) document.getElementById("catch-title")?.focus();
}

// Of several keys in a row the last one counts, whichever answer comes first.
async function fetchPlace(link) {
  const { signal } = (asking = new AbortController());
  try {
    const text = await (await ask(link.dataset.place, { accept: "text/html", signal })).text();
    if (signal.aborted) return;
    await htmx.swap({ sourceElement: document.body, target: "#catch-place", swap: "outerHTML", text });
    shown = link;
  } catch (refused) {
    if (signal.aborted) return;
    place().replaceChildren();
    place().inert = false;
    toastProblem(refused.detail || say("failed.network"));
  }
}

function finish() {
  const left = links.some((link) => !isDone(link));
  document.getElementById("catch-skipped").hidden = !left;
  document.getElementById("catch-again").hidden = !left && !document.querySelector("#sidebar [data-room].unread");
  end.focus();
}

function mark(link, done) {
  link.querySelector("[data-done]").hidden = !done;
  link.classList.toggle("done", done);
}

// Those that were skipped are not passed by on the way back, but on the way on what is read already is.
function goOn() {
  const next = links.findIndex((link, index) => index > at && !isDone(link));
  return show(next === -1 ? links.length : next);
}

async function read() {
  const [link, index] = [shown, at];
  if (!link || busy) return;
  const { moved, was, last, left, readUrl } = place().dataset;
  busy = true;
  try {
    if (Number(last) > Number(was)) await ask(readUrl, { method: "POST", fields: { position: last } });
  } catch (refused) {
    return toastProblem(refused.detail || say("failed.network"));
  } finally {
    busy = false;
  }
  undoing = { index, moved: `${moved}:${was}:${last}` };
  bar.querySelector("[data-catch=undo]").hidden = false;
  if (Number(left) === 0) mark(link, true);
  if (at !== index) return; // gone on meanwhile
  await (Number(left) > 0 ? show(at) : goOn());
}

async function undo() {
  if (!undoing || busy) return;
  const { index, moved } = undoing;
  busy = true;
  try {
    await ask("/unread/", { method: "POST", fields: { [moved.startsWith("r") ? "rooms" : "threads"]: moved } });
  } catch (refused) {
    return toastProblem(refused.detail || say("failed.network"));
  } finally {
    busy = false;
  }
  undoing = null;
  bar.querySelector("[data-catch=undo]").hidden = true;
  mark(links[index], false);
  await show(index);
}

async function reply(form) {
  const field = form.querySelector("textarea");
  const button = form.querySelector("button");
  const index = at;
  if (!field.value.trim() || button.disabled) return;
  button.disabled = true;
  form.dataset.client ||= crypto.randomUUID(); // sent again after a failure, it is the same reply
  const fields = { client_id: form.dataset.client, text: field.value, ...Object.fromEntries(new FormData(form)) };
  try {
    await ask(form.action, { method: "POST", fields });
    announce(say("catch.sent"));
    mark(links[index], true);
    if (at === index) await goOn();
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  } finally {
    button.disabled = false;
  }
}

const deeds = { back: () => show(at - 1), skip: () => show(at + 1), read, undo };

bar.addEventListener("click", (event) => deeds[event.target.closest("[data-catch]")?.dataset.catch]?.());
document.getElementById("catch-list").addEventListener("click", (event) => {
  const link = event.target.closest("[data-place]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(links.indexOf(link));
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "catch-reply") return;
  event.preventDefault();
  reply(event.target);
});
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  if (event.target.matches("textarea, input, select")) {
    if (event.target.id !== "catch-text") return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      reply(event.target.form);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      document.getElementById("catch-title").focus();
    }
    return;
  }
  const onControl = event.target.closest("a, button, summary, [role=menu]");
  const deed = {
    j: "skip",
    ArrowRight: "skip",
    k: "back",
    ArrowLeft: "back",
    u: "undo",
    Enter: onControl ? undefined : "read",
  }[event.key];
  if (deed) {
    event.preventDefault();
    deeds[deed]();
  } else if (event.key === "r" && document.getElementById("catch-text")) {
    event.preventDefault();
    document.getElementById("catch-text").focus();
  } else if (event.key === "o" && place().dataset.link) {
    location.assign(place().dataset.link);
  }
}, true);
// Something came where the reader is: it is shown with the rest, unless they write.
document.addEventListener("parley:activity", ({ detail }) => {
  const { room } = links[at]?.dataset ?? {};
  if (detail.room !== room || isDone(links[at]) || document.getElementById("catch-text")?.value) return;
  clearTimeout(refreshing);
  refreshing = setTimeout(() => show(at, { focus: false }), 400);
});

show(0);
