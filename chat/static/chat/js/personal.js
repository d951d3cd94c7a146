// The person's own socket: badges, presence, notifications, wherever in Parley they are.
import { count, countMention, countReply, listed, setNotifications, setThreads, setUnread } from "./badges.js";
import { me, signIn } from "./page.js";
import { refresh } from "./people.js";
import { changeOnline, setOnline } from "./presence.js";
import { fetchSidebar } from "./sidebar.js";
import { Socket } from "./socket.js";
import { toastNotification } from "./toasts.js";

let acknowledging = 0;
const openRoom = document.getElementById("room")?.dataset.room;

const socket = new Socket("me", () => {
  // Every frame counts against a reader that does not acknowledge.
  acknowledging ||= setTimeout(() => {
    acknowledging = 0;
    socket.send("ack", { revision: 0 });
  }, 1000);
  return true;
});

// In the open room, or in the list of notifications itself.
function isBeforeTheReader(link) {
  if (document.getElementById("notifications") && !document.hidden) return true;
  return openRoom && link.startsWith(`/rooms/${openRoom}/`) && document.hasFocus() && !document.hidden;
}

socket
  .on("open", () => socket.send("resume"))
  .on("resync", () => socket.send("resume"))
  .on("close", ({ code }) => {
    if (code === 4401) signIn();
    else if (code === 4403) location.reload();
  })
  .on("state", ({ rooms, notifications, threads, online }) => {
    for (const { room, unread, mentions, read, messages } of rooms) setUnread(room, unread, mentions, read, messages);
    setNotifications(notifications ?? 0);
    setThreads(threads ?? 0);
    setOnline(online);
    const mine = new Set(listed());
    if (rooms.length !== mine.size || rooms.some(({ room }) => !mine.has(room))) fetchSidebar();
  })
  .on("activity", (frame) => count(frame.room, frame, frame.author === me) || fetchSidebar())
  .on("unread", ({ room, unread, mentions, read, messages }) => {
    setUnread(room, unread, mentions, read, messages);
    document.dispatchEvent(new CustomEvent("parley:read", { detail: { room, read } }));
  })
  .on("notification", (frame) => {
    setNotifications(frame.unread);
    const room = /^\/rooms\/(r\d+)\//.exec(frame.link)?.[1];
    if (room && frame.kind === "mention" && !frame.thread) countMention(room);
    if (!isBeforeTheReader(frame.link)) toastNotification(frame);
    document.dispatchEvent(new CustomEvent("parley:notification", { detail: frame }));
  })
  .on("notifications", ({ unread }) => {
    setNotifications(unread);
    document.dispatchEvent(new CustomEvent("parley:notifications", { detail: { unread } }));
  })
  .on("thread", ({ thread, reply }) => countReply(thread, reply))
  .on("threads", ({ unread }) => setThreads(unread))
  .on("presence", changeOnline)
  .on("rooms", fetchSidebar)
  .on("person", ({ id }) => refresh(id));
