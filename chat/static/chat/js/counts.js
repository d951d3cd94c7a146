// What is unread in each room, right in whatever order the server's words arrive (docs/reading.md, "Counts on pages").
// A count is what the server read of a room at one moment: everything up to the room's revision `head`. News is one change,
// at a revision of its own. What is newer than the count goes on top of it, whenever it came; what the count has seen does not.
const MOST = 500; // news of a room; where there is more it is time for another count
const rooms = new Map();
let doubt = () => {};

/** `listener` is called when only the server can say what is right. */
export const onDoubt = (listener) => (doubt = listener);

/**
 * A count of a room. One that was overtaken changes nothing. `sure`: it is newer than all that was heard before it.
 * Of two that each know of something that the other does not, reading counts more; then the server is asked again.
 */
export function hearCount(room, count, sure = false) {
  const known = rooms.get(room);
  if (sure || !known) return rooms.set(room, { count, news: new Map(), read: 0 });
  const reads = count.turn - known.count.turn || count.read - known.count.read;
  const sees = count.head - known.count.head;
  if (reads * sees < 0) doubt();
  if (reads < 0 || (reads === 0 && sees < 0)) return;
  if (count.turn > known.count.turn) known.read = 0;
  known.count = count;
  for (const [name, { revision }] of known.news) if (revision <= count.head) known.news.delete(name);
}

/**
 * News of a room that was counted before: `unread` and `mentions` are what a message at `position` adds, `read` is how far
 * its author has read by it. Told twice, it changes nothing.
 */
export function hearNews(room, name, { revision, position, unread = 0, mentions = 0, read = 0 }) {
  const { count, news } = rooms.get(room);
  if (revision <= count.head || revision <= news.get(name)?.revision) return;
  news.set(name, { revision, position, unread, mentions, read });
  if (news.size > MOST) doubt();
}

/** This page has read a room so far, which the server does not know yet. */
export function sayRead(room, position) {
  const known = rooms.get(room);
  known.read = Math.max(known.read, position);
}

/** Whether a room was ever counted. */
export const isCounted = (room) => rooms.has(room);

/** What is unread in a room now, and how many of it mention the reader. */
export function unreadIn(room) {
  const { count, news, read: said } = rooms.get(room);
  const read = Math.max(count.read, said, ...[...news.values()].map((one) => one.read));
  let [unread, mentions] = read > count.read ? [0, 0] : [count.unread, count.mentions];
  for (const one of news.values()) {
    if (one.position <= read) continue;
    unread += one.unread;
    mentions += one.mentions;
  }
  unread = Math.max(0, unread);
  return { unread, mentions: Math.min(mentions, unread) }; // of a message that was deleted the exact numbers come next
}
