// Comes before htmx's upsert, which replaces whatever has the id, older or newer. With it, a frame that arrives twice,
// late or out of order changes nothing (DESIGN 1, "Render once, upsert everywhere").
import { holdFocus } from "./focus.js";
import { make } from "./page.js";
import { positionOf, revisionOf, room } from "./standing.js";

const aside = new Map(); // fragments outside the window that arrived while a part of the timeline was being loaded
let loading = 0;

/** Whether a part of the timeline is on its way. */
export const isLoading = () => loading > 0;

/** The fragments of `html` as elements, with the ids of the timeline's copies. */
export function parse(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return [...box.content.querySelectorAll(".message[data-id]")].map((message) => {
    message.id = `timeline-${message.dataset.id}`;
    return message;
  });
}

/**
 * What the timeline should take from these fragments: `changed` replace or go between, `fresh` belong at the end.
 * Newer copies elsewhere on the page (search results, panels) are replaced at once.
 */
export function admit(fragments) {
  const changed = [];
  const fresh = [];
  for (const message of latest(fragments)) {
    replaceCopies(message);
    if (message.dataset.position === undefined) continue; // a reply: its thread's panel takes it
    const present = document.getElementById(message.id);
    const position = positionOf(message);
    if (present) {
      if (revisionOf(present) < revisionOf(message)) changed.push(message);
    } else if (isOutside(position)) {
      if (loading) aside.set(message.dataset.id, message);
    } else if (position > room.last) {
      fresh.push(message);
    } else {
      changed.push(message);
    }
  }
  fresh.sort((one, other) => positionOf(one) - positionOf(other));
  return { changed, fresh };
}

/** Run `load`, which fetches a part of the timeline, and apply what arrived for that part meanwhile. */
export async function whileLoading(load, apply) {
  loading += 1;
  try {
    return await load();
  } finally {
    loading -= 1;
    if (!loading) {
      const late = [...aside.values()];
      aside.clear();
      if (late.length) apply(late);
    }
  }
}

/** Fragments as text for htmx. */
export function write(messages) {
  return make("div", "", ...messages).innerHTML;
}

function isOutside(position) {
  return position < room.beginning || (position < room.first && room.hasOlder) || (position > room.last && room.hasNewer);
}

function latest(fragments) {
  const best = new Map();
  for (const message of fragments) {
    const other = best.get(message.dataset.id);
    if (!other || revisionOf(other) < revisionOf(message)) best.set(message.dataset.id, message);
  }
  return best.values();
}

function replaceCopies(message) {
  for (const copy of document.querySelectorAll(`[data-copies] .message[data-id="${CSS.escape(message.dataset.id)}"]`)) {
    if (revisionOf(copy) >= revisionOf(message)) continue;
    const fresh = message.cloneNode(true);
    fresh.removeAttribute("id");
    const html = fresh.outerHTML; // as it was stored
    const refocus = holdFocus(copy);
    copy.replaceWith(fresh);
    fresh.dispatchEvent(new CustomEvent("parley:copy", { bubbles: true, detail: html }));
    refocus(fresh);
  }
}
