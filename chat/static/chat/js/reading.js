// How far the room was read: told to the server when the newest message is on the screen of a page that has the focus,
// unless something was marked unread here: then only what the person does counts, until they leave.
import { placeNewLine } from "./arrange.js";
import { hearUnread, setRead } from "./badges.js";
import { isLive, socket } from "./live.js";
import { ask, me } from "./page.js";
import { bring, isPinned, onScroll, pin } from "./scrolling.js";
import { Soon } from "./soon.js";
import { positionOf, room, shown } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { loadNewest, onMessages, watch } from "./window.js";

const jump = document.getElementById("jump");
let told = room.read;
const telling = new Soon(400); // at most twice a second
let held = false;

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
  setHeld(false);
  tell(room.messages, true);
  placeNewLine(null);
  announce(say("marked"));
}

function look() {
  showJump();
  if (room.isMember && attends() && isPinned() && room.last > told) tell(room.last);
}

function tell(position, meant = false) {
  if (!room.isMember || position <= told || held) return;
  told = room.read = position;
  setRead(room.key, position);
  // What a page says by itself is void when something was marked unread meanwhile.
  const fields = meant ? { position } : { position, turn: room.turn };
  telling.do(({ leaving }) => send(fields, leaving));
  if (meant) telling.now();
}

// By HTTP where the socket is away, or goes down with its page.
function send(fields, leaving = false) {
  if (room.ended) return;
  if (!leaving && isLive() && socket.send("read", fields)) return;
  ask(room.readUrl, { method: "POST", fields }).catch(() => {});
}

/** From this message on everything is unread, on all devices. */
export async function markUnread(message) {
  hold(positionOf(message) - 1);
  try {
    const answer = await ask(`${room.url}unread/`, { method: "POST", fields: { message: message.dataset.id } });
    const unread = await answer.json();
    hearUnread(unread);
    takeUp(unread);
    announce(say("unread.marked"));
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
}

function hold(read) {
  telling.forget();
  setHeld(true);
  told = room.read = read;
  placeNewLine(read);
  showJump();
}

// While it is held, the open room's line in the sidebar shows what is unread like any other.
function setHeld(value) {
  held = value;
  document.body.classList.toggle("holding", held);
}

// What was said on another device, or here.
function takeUp({ read, turn }) {
  if (turn > room.turn) {
    room.turn = turn;
    if (read < room.messages) hold(read);
  } else if (turn === room.turn) {
    told = room.read = Math.max(told, read);
    if (told >= room.messages) setHeld(false);
  }
  showJump();
}

function arrived(fragments) {
  const newest = room.messages;
  for (const message of fragments) {
    room.messages = Math.max(room.messages, positionOf(message));
    // Who writes has read, says the server as well.
    if (!room.isMember || message.dataset.author !== me || positionOf(message) <= newest) continue;
    told = room.read = Math.max(told, positionOf(message));
    setHeld(false);
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
  if (room.hasNewer) await loadNewest().catch((refused) => toastProblem(refused.detail || say("failed.network")));
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
// The server has not heard what was said into a line that was broken already.
socket.on("resumed", ({ read }) => {
  if (room.isMember && !held && read < told) send({ position: told, turn: room.turn });
});
// Read on another device.
document.addEventListener("parley:read", ({ detail }) => {
  if (detail.room === room.key) takeUp(detail);
});
