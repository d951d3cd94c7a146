// A thread beside the timeline: the ways into it, and what comes for it. What fills its panel is loaded with the first one.
import { decorateCopies } from "./decorate.js";
import { socket } from "./live.js";
import { drawOutbox } from "./outbox.js";
import { openPanel } from "./panel.js";
import { markUnread } from "./reading.js";
import { room } from "./standing.js";
import { addAction } from "./toolbar.js";
import { showTyping } from "./typing.js";
import { onMessages } from "./window.js";

const MOST_RECENT = 200;
const recent = new Map(); // replies that came lately: a panel that is on its way may be from before them
let panel = null; // its modules
let drawn = null;

async function load() {
  const parts = await Promise.all([import("./replies.js"), import("./replying.js"), import("./thread_reading.js")]);
  panel ??= Object.assign({}, ...parts);
}

/** Open the thread of a message, or of the reply that it is; the focus comes back to `from`. */
export function openThread(id, from) {
  // The modules come before the panel: nobody writes in a field that does not listen yet.
  return openPanel(`${room.messagesUrl}${id}/thread/`, from, load());
}

async function start(element) {
  drawn = element;
  if (!panel) await load();
  if (!element.isConnected) return;
  panel.takeOver(element, recent);
  decorateCopies(element);
  panel.startReplying(element);
  showTyping();
  drawOutbox();
  panel.beginReading();
  const linked = document.getElementById(`thread-${element.dataset.asked}`);
  linked?.classList.add("linked");
  linked?.scrollIntoView({ block: "center" });
  panel.look();
}

onMessages((fragments) => {
  const replies = fragments.filter((one) => one.dataset.thread);
  for (const reply of replies) {
    recent.delete(reply.dataset.id);
    recent.set(reply.dataset.id, reply.cloneNode(true));
    if (recent.size > MOST_RECENT) recent.delete(recent.keys().next().value);
  }
  if (panel?.take(replies)) panel.arrived(replies);
});
socket.on("reset", () => panel?.opened() && panel.refresh().then(panel.look, () => {}));

document.addEventListener("htmx:after:swap", () => {
  const element = document.getElementById("thread");
  if (element && element !== drawn) start(element);
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
  may: (message) => message.dataset.kind !== "system" && !message.closest("#thread"),
  run: (message) => openThread(message.dataset.thread ?? message.dataset.id, message),
  keys: ["t"],
});

const inThread = (message) => Boolean(message.closest("#thread-list"));
addAction("unread", {
  may: (message) => room.isMember && !room.archived && (inThread(message) || message.dataset.position !== undefined),
  run: (message) => (inThread(message) ? panel.markRepliesUnread(message) : markUnread(message)),
  keys: ["u"],
});

if (room.thread) openThread(room.thread, document.getElementById(`timeline-${room.highlight}`));
