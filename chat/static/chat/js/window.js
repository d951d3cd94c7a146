// The part of the timeline that is in the page: loaded further while scrolling, bounded, replaced on a reset.
import { arrange } from "./arrange.js";
import { decorate } from "./decorate.js";
import { holdFocus } from "./focus.js";
import { admit, parse, whileLoading, write } from "./guard.js";
import { ask } from "./page.js";
import { follow, isPinned, keepPlace, pin, scroller } from "./scrolling.js";
import { measureWindow, positionOf, room, shown } from "./standing.js";

const MOST = 300; // messages in the page
const [FIRST, LONGEST] = [1000, 30_000]; // milliseconds: the pauses between attempts to load
const older = document.getElementById("loading-older");
const newer = document.getElementById("loading-newer");
const beginning = document.getElementById("beginning");
const listeners = [];
let busy = false;
let pause = 0; // milliseconds before a load that failed is tried again
let retrying = 0;

/** `listener(fragments)` hears of every batch of messages that was applied, with what is in the page now. */
export const onMessages = (listener) => listeners.push(listener);

/** Apply fragments from wherever they came. */
export function apply(fragments) {
  const { changed, fresh } = admit(fragments);
  const focused = document.activeElement?.closest("#timeline > .message");
  const refocus = holdFocus(focused);
  const change = () => {
    if (changed.length) upsert(changed);
    if (fresh.length) append(fresh);
    settle();
    if (focused) refocus(document.getElementById(focused.id));
  };
  // The place is measured when all is drawn: names, dividers and groups take their room too.
  if (changed.length) keepPlace(change);
  else if (fresh.length) change();
  for (const listener of listeners) listener(fragments);
}

// At the end no place has to be found: half of htmx's work on the most frequent way.
function append(fresh) {
  htmx.swap({ sourceElement: document.body, target: "#timeline", swap: "beforeend", text: write(fresh) });
}

/** Everything before a position is deleted. */
export function forgetBefore(position) {
  if (position <= room.beginning) return;
  room.beginning = position;
  keepPlace(() => {
    for (const message of shown()) if (positionOf(message) < position) message.remove();
    measureWindow();
    if (room.first <= position) room.hasOlder = false;
    settle();
  });
}

/** Decorate, measure, arrange and bound the window after messages came. */
export function settle() {
  for (const message of room.timeline.querySelectorAll(":scope > .message:not([data-drawn])")) decorate(message);
  measureWindow();
  bound();
  arrange();
  show();
  follow();
}

/** Replace the window by the newest messages; throws Refused. The composer is not touched. */
export function loadNewest() {
  return replace("");
}

/** Replace the window by the messages around a position. */
export function loadAround(position) {
  return replace(`?around=${position}`);
}

async function replace(query) {
  await whileLoading(async () => {
    const response = await ask(room.messagesUrl + query, { accept: "text/html" });
    const fragments = parse(await response.text());
    room.timeline.replaceChildren(...fragments);
    room.hasOlder = response.headers.get("X-Has-Older") === "1";
    room.hasNewer = response.headers.get("X-Has-Newer") === "1";
    settle();
  }, apply);
  if (!room.hasNewer && !query) pin();
  for (const listener of listeners) listener([]);
}

async function load(direction) {
  const edge = direction === "before" ? room.first : room.last;
  const response = await ask(`${room.messagesUrl}?${direction}=${edge}`, { accept: "text/html" });
  const present = (message) => document.getElementById(message.id);
  const fragments = parse(await response.text()).filter((message) => !present(message));
  if (edge !== (direction === "before" ? room.first : room.last)) return; // replaced meanwhile
  keepPlace(() => {
    if (direction === "before") {
      room.hasOlder = response.headers.get("X-Has-Older") === "1";
      room.timeline.prepend(...fragments);
      trim(-1);
    } else {
      room.hasNewer = response.headers.get("X-Has-Newer") === "1";
      room.timeline.append(...fragments);
      trim(1);
    }
    settle();
  });
  for (const listener of listeners) listener([]);
}

function upsert(messages) {
  const html = write(messages);
  htmx.swap({ sourceElement: document.body, target: "#timeline", swap: "upsert key:data-position sort", text: html });
}

// Bound the page while messages arrive: from the top for who follows, from the end for who reads above.
function bound() {
  if (shown().length <= MOST) return;
  trim(isPinned() ? 1 : -1);
  measureWindow();
}

// Drop messages beyond MOST: the oldest (1) or the newest (-1).
function trim(end) {
  const all = [...shown()];
  const extra = all.length - MOST;
  if (extra <= 0) return;
  for (const message of end > 0 ? all.slice(0, extra) : all.slice(-extra)) message.remove();
  if (end > 0) room.hasOlder = true;
  else room.hasNewer = true;
  measureWindow();
}

function show() {
  older.hidden = !room.hasOlder;
  newer.hidden = !room.hasNewer;
  beginning.hidden = room.hasOlder;
}

async function more(direction) {
  if (busy) return;
  busy = true;
  try {
    await whileLoading(() => load(direction), apply);
    pause = 0;
    watch(); // an observer tells of changes only: ask again in case the end is still in sight
  } catch (refused) {
    pause = Math.max(Math.min(2 * pause || FIRST, LONGEST), 1000 * (refused.retryAfter ?? 0));
    clearTimeout(retrying);
    retrying = setTimeout(watch, pause * (0.5 + Math.random()));
  } finally {
    busy = false;
  }
}

document.addEventListener("parley:live", () => {
  pause = 0;
  watch();
});

const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      if (entry.target === older && room.hasOlder) more("before");
      if (entry.target === newer && room.hasNewer) more("after");
    }
  },
  { root: scroller, rootMargin: "900px 0px" },
);

/** Begin to load more when the reader comes near an end of the window. */
export function watch() {
  observer.disconnect();
  requestAnimationFrame(() => {
    observer.observe(older);
    observer.observe(newer);
  });
}

/** The message at a position, or null when it is not in the page. */
export function atPosition(position) {
  return [...shown()].find((message) => positionOf(message) === position) ?? null;
}
