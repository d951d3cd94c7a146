// A thread beside the timeline: its replies come with the room's frames, under the same rule of revisions.
import { decorate, decorateCopies } from "./decorate.js";
import { parse } from "./guard.js";
import { socket } from "./live.js";
import { drawOutbox } from "./outbox.js";
import { ask, me } from "./page.js";
import { openPanel } from "./panel.js";
import { startReplying } from "./replying.js";
import { revisionOf, room } from "./standing.js";
import { addAction } from "./toolbar.js";
import { onMessages } from "./window.js";

const MOST_RECENT = 200;
const NEAR = 48; // pixels from the end that still count as the end
const recent = new Map(); // replies that came lately: a panel that is on its way may be from before them
let open = null; // {element, list, scroller, key, told}
let timer = 0;

/** Open the thread of a message, or of the reply that it is; the focus comes back to `from`. */
export function openThread(id, from) {
  return openPanel(`${room.messagesUrl}${id}/thread/`, from);
}

function start(element) {
  const list = element.querySelector("#thread-list");
  const scroller = element.querySelector("#thread-scroller");
  open = { element, list, scroller, key: element.dataset.thread, told: Number(element.dataset.read) };
  fill(list.innerHTML);
  decorateCopies(element);
  element.querySelector("#thread-earlier button").addEventListener("click", earlier);
  scroller.addEventListener("scroll", look, { passive: true });
  startReplying(element);
  drawOutbox();
  scroller.scrollTop = scroller.scrollHeight;
  const linked = document.getElementById(`thread-${element.dataset.asked}`);
  linked?.classList.add("linked");
  linked?.scrollIntoView({ block: "nearest" });
  look();
}

// The newest replies, and what came while they were fetched.
function fill(html) {
  open.list.replaceChildren();
  apply([...parse(html), ...recent.values()]);
}

const place = (message) => Number(message.dataset.reply);
const hasEarlier = () => !open.element.querySelector("#thread-earlier").hidden;

function apply(fragments) {
  const pinned = isAtEnd();
  let mine = false;
  for (const fragment of fragments) {
    if (fragment.dataset.thread !== open.key) continue;
    const present = document.getElementById(`thread-${fragment.dataset.id}`);
    if (present && revisionOf(present) >= revisionOf(fragment)) continue;
    const first = open.list.firstElementChild;
    if (!present && first && place(fragment) < place(first) && hasEarlier()) continue;
    const message = fragment.cloneNode(true);
    message.id = `thread-${message.dataset.id}`;
    if (present) replace(present, message);
    else insert(message);
    decorate(message);
    mine ||= !present && message.dataset.author === me;
  }
  if (pinned || mine) open.scroller.scrollTop = open.scroller.scrollHeight;
}

function replace(present, message) {
  const focused = present === document.activeElement;
  present.replaceWith(message);
  message.tabIndex = present.tabIndex;
  if (focused) message.focus({ preventScroll: true });
}

function insert(message) {
  const after = [...open.list.children].findLast((one) => place(one) < place(message));
  if (after) after.after(message);
  else open.list.prepend(message);
  message.classList.add("lead-in");
}

async function earlier() {
  const thread = open;
  const first = thread.list.firstElementChild;
  const response = await ask(`${thread.element.dataset.url}?before=${first ? place(first) : 1}`, { accept: "text/html" });
  const html = await response.text();
  if (open !== thread) return;
  const from = thread.scroller.scrollHeight - thread.scroller.scrollTop;
  thread.element.querySelector("#thread-earlier").hidden = true; // what comes belongs before the first
  apply(parse(html));
  thread.element.querySelector("#thread-earlier").hidden = response.headers.get("X-Has-Older") !== "1";
  thread.scroller.scrollTop = thread.scroller.scrollHeight - from;
}

async function refresh() {
  const thread = open;
  recent.clear();
  const response = await ask(`${thread.element.dataset.url}?before=${Number.MAX_SAFE_INTEGER}`, { accept: "text/html" });
  const html = await response.text();
  if (open !== thread) return;
  thread.element.querySelector("#thread-earlier").hidden = response.headers.get("X-Has-Older") !== "1";
  fill(html);
  look();
}

// -- Reading -----------------------------------------------------------------------------------------------------------

const isAtEnd = () => open.scroller.scrollHeight - open.scroller.scrollTop - open.scroller.clientHeight < NEAR;

function look() {
  if (!isOpen() || !open.element.dataset.member || document.hidden || !document.hasFocus() || !isAtEnd()) return;
  const last = open.list.lastElementChild;
  if (!last || place(last) <= open.told) return;
  const { element } = open;
  open.told = place(last);
  clearTimeout(timer);
  timer = setTimeout(() => ask(`${element.dataset.url}read/`, { method: "POST", fields: { position: place(last) } }).catch(() => {}), 400);
}

const isOpen = () => Boolean(open?.element.isConnected);

onMessages((fragments) => {
  const replies = fragments.filter((one) => one.dataset.thread);
  for (const reply of replies) {
    recent.delete(reply.dataset.id);
    recent.set(reply.dataset.id, reply.cloneNode(true));
    if (recent.size > MOST_RECENT) recent.delete(recent.keys().next().value);
  }
  if (!isOpen() || !replies.length) return;
  apply(replies);
  look();
});
socket.on("reset", () => isOpen() && refresh().catch(() => {}));
addEventListener("focus", look);
document.addEventListener("visibilitychange", look);

// -- Ways in -----------------------------------------------------------------------------------------------------------

document.addEventListener("htmx:after:swap", () => {
  const element = document.getElementById("thread");
  if (element && element !== open?.element) start(element);
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(".thread-summary, .thread-origin");
  const message = link?.closest(".message");
  if (!message || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.closest("[data-room]")?.dataset.room !== room.key) return;
  event.preventDefault();
  openThread(message.dataset.thread ?? message.dataset.id, message);
});

addAction("thread", {
  may: ({ dataset }) => dataset.kind !== "system",
  run: (message) => openThread(message.dataset.thread ?? message.dataset.id, message),
  key: "t",
});

if (room.thread) openThread(room.thread, document.getElementById(`timeline-${room.highlight}`));
