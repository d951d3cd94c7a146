// The reading position: pinned to the newest message, or held still while the timeline changes around it.
import { room, shown } from "./standing.js";

const NEAR = 48; // pixels from the end that still count as the end
export const scroller = document.getElementById("scroller");
const listeners = [];
let pinned = true;
let lastTop = 0;
let frame = 0;

/** Whether the reader follows the newest message. */
export const isPinned = () => pinned && !room.hasNewer;

/** `listener()` hears when the reader begins or ends to follow, and when they scroll. */
export const onScroll = (listener) => listeners.push(listener);

/** To the end, and stay there. */
export function pin() {
  pinned = true;
  toEnd();
}

export function unpin() {
  pinned = false;
}

/** After content changed: follow the newest before the next paint. */
export function follow() {
  if (!pinned || frame) return;
  frame = requestAnimationFrame(() => {
    frame = 0;
    if (pinned) toEnd();
  });
}

/** Change the timeline without moving what is being read. */
export function keepPlace(change) {
  if (isPinned()) {
    change();
    follow();
    return;
  }
  const anchor = firstVisible();
  const before = anchor?.getBoundingClientRect().top;
  change();
  const held = anchor?.isConnected ? anchor : anchor && document.getElementById(anchor.id);
  if (held) {
    scroller.scrollTop += held.getBoundingClientRect().top - before;
    lastTop = scroller.scrollTop;
  }
}

// Modules that are loaded later, and on pages without a room too, ask for the same.
document.addEventListener("parley:grow", (event) => {
  event.preventDefault();
  keepPlace(event.detail);
});

/** Bring a message to the middle, or a line to the upper third. */
export function bring(element, share = 0.4) {
  pinned = false;
  const box = scroller.getBoundingClientRect();
  scroller.scrollTop += element.getBoundingClientRect().top - box.top - box.height * share;
  lastTop = scroller.scrollTop;
  settle();
}

function toEnd() {
  scroller.scrollTop = scroller.scrollHeight;
  lastTop = scroller.scrollTop;
}

function firstVisible() {
  const top = scroller.getBoundingClientRect().top;
  // Halving finds it: the messages are in order.
  const all = [...shown()];
  let low = 0;
  let high = all.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle].getBoundingClientRect().bottom > top) high = middle;
    else low = middle + 1;
  }
  return all[low];
}

const atEnd = () => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;

function settle() {
  if (atEnd()) pinned = true;
}

scroller.addEventListener(
  "scroll",
  () => {
    const top = scroller.scrollTop;
    // Content that grows below does not scroll; only a move up by the reader ends the following.
    if (atEnd()) pinned = true;
    else if (top < lastTop - 1) pinned = false;
    lastTop = top;
    for (const listener of listeners) listener();
  },
  { passive: true },
);

// A growing composer, a rotated phone, a keyboard, a font that came late: the newest message stays in sight.
const sizes = new ResizeObserver(() => pinned && toEnd());
sizes.observe(scroller);
sizes.observe(scroller.firstElementChild);
