// Messages by keyboard: one of each list is a stop of Tab, arrows move the stop, letters act, Tab reaches the toolbar.
import { along } from "./page.js";
import { scroller } from "./scrolling.js";
import { room } from "./standing.js";
import { actByKey, hide, MESSAGES, messageAt, show, subject } from "./toolbar.js";
import { onMessages } from "./window.js";

const bar = document.getElementById("message-toolbar");

const messagesOf = (list) => [...list.querySelectorAll(":scope > .message")];
const buttons = () => [...bar.querySelectorAll("button")].filter((button) => button.offsetParent);
const fieldOf = (message) => document.getElementById(message?.closest("#thread") ? "thread-text" : "composer-text");

/** One message of the timeline and one of the open thread are stops of Tab. */
export function keepTabStop() {
  for (const list of [room.timeline, document.getElementById("thread-list")]) {
    const all = list ? messagesOf(list) : [];
    if (all.length && !all.some((message) => message.tabIndex === 0)) all.at(-1).tabIndex = 0;
  }
}

function move(message) {
  for (const other of messagesOf(message.parentElement)) if (other.tabIndex === 0) other.tabIndex = -1;
  message.tabIndex = 0;
  message.focus();
  message.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  const message = event.target;
  if (!message.matches?.(MESSAGES) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Tab") return toToolbar(event);
  const all = messagesOf(message.parentElement);
  const at = all.indexOf(message);
  const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (goal === undefined) {
    if (actByKey(event.key, message)) event.preventDefault();
    return;
  }
  event.preventDefault();
  if (all[goal]) move(all[goal]);
  else if (goal >= all.length) fieldOf(message)?.focus();
});
document.addEventListener("focusin", (event) => {
  const message = messageAt(event.target);
  if (message === event.target) show(message);
});

// Tab goes from the message to its toolbar and back, although the toolbar stands elsewhere in the document.
function toToolbar(event) {
  if (event.shiftKey || bar.hidden) return;
  event.preventDefault();
  buttons()[0].focus();
}

bar.addEventListener("keydown", (event) => {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  const step = along(event);
  if (step) {
    event.preventDefault();
    all[(at + step + all.length) % all.length].focus();
  } else if (event.key === "Escape" || (event.key === "Tab" && event.shiftKey)) {
    event.preventDefault();
    event.stopPropagation();
    subject()?.focus({ preventScroll: true });
  } else if (event.key === "Tab") {
    event.preventDefault();
    (fieldOf(subject()) ?? scroller).focus();
    hide();
  }
});

onMessages(keepTabStop);
