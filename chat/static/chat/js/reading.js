// How far the room was read: told to the server when the newest message is on the screen of a page that has the focus.
import { placeNewLine } from "./arrange.js";
import { setUnread } from "./badges.js";
import { isLive, socket } from "./live.js";
import { ask, me } from "./page.js";
import { bring, isPinned, onScroll, pin } from "./scrolling.js";
import { positionOf, room, shown } from "./standing.js";
import { announce, say } from "./strings.js";
import { loadNewest, onMessages, watch } from "./window.js";

const jump = document.getElementById("jump");
let told = room.read;
let timer = 0;

const attends = () => document.visibilityState === "visible" && document.hasFocus();

/** Where to begin: at the "New" line when there is one in the window, else at the newest message. */
export function openTimeline() {
  const unread = room.isMember && room.messages > room.read;
  if (unread) placeNewLine(room.read);
  const linked = room.highlight && document.getElementById(`timeline-${room.highlight}`);
  const line = room.timeline.querySelector(":scope > .divider.new");
  if (linked) {
    linked.classList.add("linked");
    bring(linked);
    linked.tabIndex = 0;
  } else {
    pin();
    if (line && line.getBoundingClientRect().top < document.getElementById("scroller").getBoundingClientRect().top) bring(line, 0.15);
  }
  showJump();
  look();
}

/** Everything here counts as read, wherever the reader is. */
export function markRead() {
  tell(room.messages);
  placeNewLine(null);
  announce(say("marked"));
}

function look() {
  showJump();
  if (room.isMember && attends() && isPinned() && room.last > told) tell(room.last);
}

// At most twice a second; by HTTP where the socket is away.
function tell(position) {
  if (!room.isMember || position <= told) return;
  told = room.read = position;
  setUnread(room.key, 0, 0, position);
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (room.ended) return;
    if (isLive() && socket.send("read", { position: told })) return;
    ask(room.readUrl, { method: "POST", fields: { position: told } }).catch(() => {});
  }, 400);
}

function arrived(fragments) {
  for (const message of fragments) {
    room.messages = Math.max(room.messages, positionOf(message));
    // Who writes has read, says the server as well.
    if (room.isMember && message.dataset.author === me) told = room.read = Math.max(told, positionOf(message));
  }
  const others = fragments.some(isNews);
  if (others && room.isMember && !(attends() && isPinned())) {
    // The line of the last visit has done its work once everything before was read.
    const present = room.timeline.querySelector(":scope > .divider.new");
    if (!present || Number(present.dataset.position) <= told) placeNewLine(told);
  }
  look();
}

function isNews(message) {
  const { author, kind, deleted } = message.dataset;
  return author !== me && kind !== "system" && deleted === undefined && positionOf(message) > told;
}

function showJump() {
  const waiting = room.isMember ? Math.max(0, room.messages - Math.max(told, 0)) : 0;
  jump.hidden = isPinned() || shown().length === 0;
  jump.classList.toggle("fresh", waiting > 0);
  jump.querySelector("[data-text]").textContent = waiting ? say("jump.new", { n: waiting }) : say("jump");
}

/** To the newest message, loading it when the window ends before it. */
export async function toNewest() {
  if (room.hasNewer) await loadNewest().catch(() => {});
  pin();
  watch();
  look();
}

jump.addEventListener("click", async () => {
  await toNewest();
  document.getElementById("composer-text")?.focus();
});
onMessages(arrived);
onScroll(look);
addEventListener("focus", look);
document.addEventListener("visibilitychange", look);
document.addEventListener("parley:live", look);
// Read on another device.
document.addEventListener("parley:read", ({ detail }) => {
  if (detail.room !== room.key) return;
  told = room.read = Math.max(told, detail.read);
  showJump();
});
