// Unread counts in the sidebar and in the tab's title.
const plain = document.title;
let title = plain;
let notifications = Number(document.querySelector("[data-notifications] [data-badge]")?.textContent || 0);

let threads = Number(document.querySelector("[data-threads] [data-badge]")?.textContent || 0);
const replies = new Map(); // the newest reply that was heard of, by thread

const entry = (room) => document.querySelector(`#sidebar [data-room="${CSS.escape(room)}"]`);

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
  drawTitle();
}

/**
 * A message was posted or deleted in a room, by somebody else unless `mine`. A repeated frame changes nothing.
 * False when the room is not listed: a direct message shows itself with its first word.
 */
export function count(room, { change, position, messages }, mine) {
  const item = entry(room);
  if (!item) return false;
  const { dataset } = item;
  const unread = Number(dataset.unread);
  if (change === "deleted") {
    if (position > Number(dataset.read) && unread) setUnread(room, unread - 1, Math.min(Number(dataset.mentions), unread - 1));
  } else if (mine) {
    setUnread(room, 0, 0, position, messages);
  } else if (position > Number(dataset.messages) && position > Number(dataset.read)) {
    setUnread(room, unread + 1, Number(dataset.mentions), undefined, Math.max(messages, position));
  }
  return true;
}

/** One more mention of this person in a room. */
export function countMention(room) {
  const item = entry(room);
  if (item) setUnread(room, Math.max(1, Number(item.dataset.unread)), Number(item.dataset.mentions) + 1);
}

export function setNotifications(number) {
  notifications = number;
  const item = document.querySelector("[data-notifications]");
  if (item) {
    item.classList.toggle("unread", number > 0);
    const badge = item.querySelector("[data-badge]");
    badge.hidden = !number;
    badge.textContent = number || "";
  }
  drawTitle();
}

/** Replies that were not read, in all the threads this person follows. */
export function setThreads(number) {
  threads = number;
  const item = document.querySelector("[data-threads]");
  if (!item) return;
  item.classList.toggle("unread", number > 0);
  const badge = item.querySelector("[data-badge]");
  badge.hidden = !number;
  badge.textContent = number || "";
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
}

function draw(item) {
  const unread = Number(item.dataset.unread);
  const mentions = Number(item.dataset.mentions);
  const direct = "direct" in item.dataset;
  item.classList.toggle("unread", unread > 0);
  item.classList.toggle("mentioned", mentions > 0 || (direct && unread > 0));
  const badge = item.querySelector("[data-badge]");
  badge.hidden = !unread;
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
