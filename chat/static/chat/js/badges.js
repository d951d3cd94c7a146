// Unread counts in the sidebar and in the tab's title.
import { hearCount, hearNews, isCounted, sayRead, unreadIn } from "./counts.js";

const plain = document.title;
let title = plain;
let notifications = Number(document.querySelector("[data-notifications] [data-badge]")?.textContent || 0);

let threads = Number(document.querySelector("[data-threads] [data-badge]")?.textContent || 0);
let replyMentions = Number(document.querySelector("[data-mentioned]")?.dataset.mentioned || 0);
const putBy = new Map(); // counts of what a person put by
const heard = new Set(); // mentions in threads, by message
const replies = new Set(); // that were heard of
let counted = new Map(); // by room, up to which revision the state has counted replies and who they mention

const entry = (room) => document.querySelector(`#sidebar [data-room="${CSS.escape(room)}"]`);

// A line that the server has drawn says what it counted.
function takeLine({ dataset: { room, ...said } }) {
  const count = Object.fromEntries(["unread", "mentions", "read", "turn", "head"].map((name) => [name, Number(said[name])]));
  hearCount(room, count);
}

// The room's line, if the sidebar has it.
function lineOf(room) {
  const item = entry(room);
  if (item && !isCounted(room)) takeLine(item);
  return item;
}

/** What the server counted in a room. `sure`: the state as a whole, whatever was heard before. */
export function hearUnread({ room, unread, mentions, read, turn, head }, sure = false) {
  const item = lineOf(room);
  if (!item) return;
  hearCount(room, { unread, mentions, read, turn, head }, sure);
  show(item);
}

/** This page has read a room up to `position`. */
export function setRead(room, position) {
  const item = lineOf(room);
  if (!item) return;
  sayRead(room, position);
  show(item);
}

/**
 * A message was posted or deleted in a room, by somebody else unless `mine`.
 * Of who is `blocked` nothing counts as unread in direct messages.
 * False when the room is not listed: a direct message shows itself with its first word.
 */
export function count(room, { change, position, revision }, mine, blocked) {
  const item = lineOf(room);
  if (!item) return false;
  const covered = blocked && "direct" in item.dataset;
  const by = change === "deleted" ? -1 : 1;
  const read = mine && by > 0 ? position : 0; // who writes has read
  hearNews(room, `${change} ${position}`, { revision, position, unread: mine || covered ? 0 : by, read });
  show(item);
  return true;
}

/** One more mention of this person: in a room, or without a position in a thread. A repeated frame changes nothing. */
export function countMention({ room, message, position, revision }) {
  if (position === null) return countMentionInThread(room, message, revision);
  const item = lineOf(room);
  if (!item) return;
  hearNews(room, message, { revision, position, mentions: 1 });
  show(item);
}

function countMentionInThread(room, message, revision) {
  if (revision <= counted.get(room) || heard.has(message)) return;
  heard.add(message);
  setReplyMentions(replyMentions + 1);
}

function show(item) {
  Object.assign(item.dataset, unreadIn(item.dataset.room));
  draw(item);
  drawMentions();
  drawTitle();
}

/** Replies that mention this person and that they have not read. */
export function setReplyMentions(number) {
  replyMentions = number;
  drawMentions();
}

// What the rooms' own badges say, and what stands in threads.
function drawMentions() {
  const rooms = [...document.querySelectorAll("#sidebar [data-room][data-mentions]")];
  drawPlace("[data-mentioned]", rooms.reduce((sum, item) => sum + Number(item.dataset.mentions), replyMentions));
}

function drawPlace(place, number) {
  const item = document.querySelector(place);
  if (!item) return;
  item.classList.toggle("unread", number > 0);
  drawBadge(item, number);
}

function drawBadge(item, number) {
  const badge = item.querySelector("[data-badge]");
  badge.hidden = !number;
  badge.textContent = number || "";
}

export function setNotifications(number) {
  notifications = number;
  drawPlace("[data-notifications]", number);
  drawTitle();
}

/** Replies that were not read, in all the threads this person follows. */
export function setThreads(number) {
  threads = number;
  drawPlace("[data-threads]", number);
}

/** How much a person put by, which is no news: "saved", "drafts". */
export function setPutBy(name, number) {
  putBy.set(name, number);
  const item = document.querySelector(`#sidebar [data-${name}]`);
  if (item) drawBadge(item, number);
}

/** One more reply in a thread; a repeated frame changes nothing, nor does one that the state has counted. */
export function countReply({ thread, reply, room, revision }) {
  const name = `${thread} ${reply}`;
  if (revision <= counted.get(room) || replies.has(name)) return;
  replies.add(name);
  setThreads(threads + 1);
}

/** The state counted what is unread in threads, too: of these rooms up to their `head`. */
export const setCounted = (rooms) => (counted = new Map(rooms.map(({ room, head }) => [room, head])));

/** Rooms of the sidebar by key. */
export function listed() {
  return [...document.querySelectorAll("#sidebar [data-room]")].map((item) => item.dataset.room);
}

/** Draw all of it again, after the sidebar was fetched. */
export function redraw() {
  for (const item of document.querySelectorAll("#sidebar [data-room]")) {
    takeLine(item);
    Object.assign(item.dataset, unreadIn(item.dataset.room));
    draw(item);
  }
  setNotifications(notifications);
  setThreads(threads);
  setReplyMentions(Number(document.querySelector("[data-mentioned]")?.dataset.mentioned ?? replyMentions));
  for (const [name, number] of putBy) setPutBy(name, number);
}

function draw(item) {
  const unread = Number(item.dataset.unread);
  const mentions = Number(item.dataset.mentions);
  const direct = "direct" in item.dataset;
  const loud = unread > 0 && !item.classList.contains("muted");
  item.classList.toggle("unread", loud);
  item.classList.toggle("mentioned", mentions > 0 || (direct && loud));
  const badge = item.querySelector("[data-badge]");
  badge.hidden = !loud && !mentions;
  badge.classList.toggle("accent", mentions > 0 || direct);
  badge.textContent = mentions && !direct ? `@${mentions}` : unread > 999 ? "999+" : unread || "";
}

function drawTitle() {
  const open = document.querySelector("#sidebar [aria-current]");
  const elsewhere = [...document.querySelectorAll("#sidebar [data-room].unread")].some((item) => item !== open || document.hidden);
  for (const dot of document.querySelectorAll("[data-any-unread]")) dot.hidden = !elsewhere && !notifications;
  document.title = notifications ? `(${notifications}) ${title}` : elsewhere ? `• ${title}` : title;
}

document.addEventListener("parley:title", ({ detail }) => {
  title = `${detail}${plain.includes(" · ") ? plain.slice(plain.lastIndexOf(" · ")) : ""}`;
  drawTitle();
});
document.addEventListener("visibilitychange", drawTitle);
drawTitle();
