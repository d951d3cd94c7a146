// Unread counts in the sidebar and in the tab's title.
const plain = document.title;
let title = plain;
let notifications = Number(document.querySelector("[data-notifications] [data-badge]")?.textContent || 0);

let threads = Number(document.querySelector("[data-threads] [data-badge]")?.textContent || 0);
let replyMentions = Number(document.querySelector("[data-mentioned]")?.dataset.mentioned || 0);
const putBy = new Map(); // counts of what a person put by
const heard = new Set(); // mentions, by message
const replies = new Map(); // the newest reply that was heard of, by thread

const entry = (room) => document.querySelector(`#sidebar [data-room="${CSS.escape(room)}"]`);

/**
 * What the server says of a room. A frame that was overtaken changes nothing: its turn is over, or it has read less far.
 * `sure`: the state as a whole, whatever is shown here.
 */
export function hearUnread({ room, unread, mentions, read, messages, turn }, sure = false) {
  const known = entry(room)?.dataset;
  if (!known) return;
  const [before, shown] = [Number(known.turn), Number(known.read)];
  if (!sure && (turn < before || (turn === before && read < shown))) return;
  known.turn = turn;
  known.read = read;
  setUnread(room, unread, mentions, read, messages);
}

/** A room's counts; `read` and `messages` are positions, left as they are where undefined. */
export function setUnread(room, unread, mentions, read, messages) {
  const item = entry(room);
  if (!item) return;
  const { dataset } = item;
  dataset.unread = unread;
  dataset.mentions = mentions;
  if (read !== undefined) dataset.read = Math.max(read, Number(dataset.read));
  if (messages !== undefined) dataset.messages = Math.max(messages, Number(dataset.messages));
  draw(item);
  drawMentions();
  drawTitle();
}

/**
 * A message was posted or deleted in a room, by somebody else unless `mine`. A repeated frame changes nothing.
 * Of who is `blocked` nothing counts as unread in direct messages.
 * False when the room is not listed: a direct message shows itself with its first word.
 */
export function count(room, { change, position, messages }, mine, blocked) {
  const item = entry(room);
  if (!item) return false;
  const { dataset } = item;
  const unread = Number(dataset.unread);
  const covered = blocked && "direct" in dataset;
  if (change === "deleted") {
    // One's own are not counted, wherever they stand.
    if (!mine && !covered && position > Number(dataset.read) && unread) setUnread(room, unread - 1, Math.min(Number(dataset.mentions), unread - 1));
  } else if (mine) {
    setUnread(room, 0, 0, position, messages);
  } else if (position > Number(dataset.messages) && position > Number(dataset.read)) {
    setUnread(room, covered ? unread : unread + 1, Number(dataset.mentions), undefined, Math.max(messages, position));
  }
  return true;
}

/** One more mention of this person: in a room, or without a position in a thread. A repeated frame changes nothing. */
export function countMention({ room, message, position }) {
  if (heard.has(message)) return;
  heard.add(message);
  const item = entry(room);
  if (position === null) setReplyMentions(replyMentions + 1);
  else if (item && position > Number(item.dataset.read)) setUnread(room, Math.max(1, Number(item.dataset.unread)), Number(item.dataset.mentions) + 1);
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

/** One more reply in a thread; a repeated frame changes nothing. */
export function countReply(thread, reply) {
  if (reply <= (replies.get(thread) ?? 0)) return;
  replies.set(thread, reply);
  setThreads(threads + 1);
}

/** Rooms of the sidebar by key. */
export function listed() {
  return [...document.querySelectorAll("#sidebar [data-room]")].map((item) => item.dataset.room);
}

/** Draw all of it again, after the sidebar was fetched. */
export function redraw() {
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
