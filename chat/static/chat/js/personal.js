// The person's own socket: badges, presence, notifications, wherever in Parley they are.
import { count, countMention, countReply, hearUnread, listed, setCounted, setNotifications, setPutBy, setReplyMentions, setThreads } from "./badges.js";
import { onDoubt } from "./counts.js";
import { hearBlocked, isBlocked } from "./blocked.js";
import { groups as mine, me, signIn } from "./page.js";
import { refresh } from "./people.js";
import { changeOnline, setOnline } from "./presence.js";
import { noteSaved, setSaved } from "./saved.js";
import { fetchSidebar } from "./sidebar.js";
import { Socket } from "./socket.js";
import { toastNotification } from "./toasts.js";

const QUIET = 60_000; // milliseconds in which nothing was heard
const openRoom = document.getElementById("room")?.dataset.room;

const socket = new Socket("me");

// Nothing has to come on this line. If it broke without a word, as in a sleep, the browser learns that from what it sends.
setInterval(() => socket.silence >= QUIET && socket.acknowledge(), QUIET);

// In the open room, or in the list of notifications itself.
function isBeforeTheReader(link) {
  if (document.getElementById("notifications") && !document.hidden) return true;
  return openRoom && link.startsWith(`/rooms/${openRoom}/`) && document.hasFocus() && !document.hidden;
}

function setGroups(keys) {
  mine.clear();
  for (const key of keys.split(" ").filter(Boolean)) mine.add(key);
}

// The list of mentions, where it is open, is fetched again.
const mentionsChanged = () => document.dispatchEvent(new CustomEvent("parley:mentions"));

// Whether this person is shown who has read.
const receiptsShown = (shown) => document.dispatchEvent(new CustomEvent("parley:receipts", { detail: shown }));

function hear(unread, sure) {
  hearUnread(unread, sure);
  document.dispatchEvent(new CustomEvent("parley:read", { detail: unread }));
}

// Not at once: others may ask for the same reason.
let asking = 0;
onDoubt(() => {
  asking ||= setTimeout(() => {
    asking = 0;
    socket.send("resume");
  }, 3000 + Math.random() * 5000);
});

socket
  .on("open", () => socket.send("resume"))
  .on("resync", () => socket.send("resume"))
  .on("close", ({ code }) => {
    if (code === 4401) signIn();
    else if (code === 4403) location.reload();
  })
  .on("state", (state) => {
    const { rooms, notifications, threads, reply_mentions, groups, saved, saved_messages, drafts, online, blocked } = state;
    hearBlocked(blocked);
    for (const one of rooms) hear(one, true);
    setNotifications(notifications ?? 0);
    setCounted(rooms);
    setThreads(threads ?? 0);
    setReplyMentions(reply_mentions ?? 0);
    setPutBy("saved", saved ?? 0);
    setPutBy("drafts", drafts ?? 0);
    // What changed before the socket listened has no frame of its own: a list that is open is fetched again.
    for (const name of ["saved", "drafts", "scheduled", "reminders", "mentions", "notifications", "presence"]) {
      document.dispatchEvent(new CustomEvent(`parley:${name}`));
    }
    receiptsShown(state.receipts);
    setSaved(saved_messages ?? []);
    setGroups(groups);
    setOnline(online);
    document.dispatchEvent(new CustomEvent("parley:state", { detail: state }));
    const mine = new Set(listed());
    if (rooms.length !== mine.size || rooms.some(({ room }) => !mine.has(room))) fetchSidebar();
  })
  .on("activity", (frame) => {
    if (!count(frame.room, frame, frame.author === me, isBlocked(frame.author))) fetchSidebar();
    document.dispatchEvent(new CustomEvent("parley:activity", { detail: frame }));
  })
  .on("unread", ({ rooms, ...one }) => {
    for (const each of rooms ?? [one]) hear(each);
    mentionsChanged();
  })
  .on("notification", (frame) => {
    setNotifications(frame.unread);
    if (frame.kind === "reminder" || !isBeforeTheReader(frame.link)) toastNotification(frame);
    document.dispatchEvent(new CustomEvent("parley:notification", { detail: frame }));
  })
  .on("notifications", ({ unread }) => {
    setNotifications(unread);
    document.dispatchEvent(new CustomEvent("parley:notifications", { detail: { unread } }));
  })
  .on("thread", countReply)
  .on("thread_unread", (frame) => document.dispatchEvent(new CustomEvent("parley:thread", { detail: frame })))
  .on("threads", ({ unread, reply_mentions }) => {
    setThreads(unread);
    setReplyMentions(reply_mentions);
    mentionsChanged();
  })
  .on("mention", (frame) => {
    countMention(frame);
    mentionsChanged();
  })
  .on("chose", (frame) => document.dispatchEvent(new CustomEvent("parley:chose", { detail: frame })))
  .on("saved", noteSaved)
  .on("draft", (frame) => {
    setPutBy("drafts", frame.drafts);
    document.dispatchEvent(new CustomEvent("parley:draft", { detail: frame }));
    document.dispatchEvent(new CustomEvent("parley:drafts"));
  })
  .on("scheduled", () => document.dispatchEvent(new CustomEvent("parley:scheduled")))
  .on("reminders", () => document.dispatchEvent(new CustomEvent("parley:reminders")))
  .on("receipts", ({ shown }) => receiptsShown(shown))
  .on("groups", ({ groups }) => setGroups(groups))
  .on("presence", (frame) => {
    changeOnline(frame);
    document.dispatchEvent(new CustomEvent("parley:presence"));
  })
  .on("rooms", fetchSidebar)
  .on("person", ({ id }) => {
    refresh(id);
    document.dispatchEvent(new CustomEvent(`parley:person-${id}`));
  });
