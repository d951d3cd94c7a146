// One toolbar for the page, on the message under the pointer or the focus; and moving between messages by keyboard.
import { edit, mayEdit } from "./editing.js";
import { favourites } from "./emoji.js";
import { ask, administrates, me } from "./page.js";
import { toggleReaction } from "./reactions.js";
import { room, shown } from "./standing.js";
import { announce, say } from "./strings.js";
import { onScroll } from "./scrolling.js";
import { onMessages } from "./window.js";

const bar = document.getElementById("message-toolbar");
const dialog = document.getElementById("delete-dialog");
const scroller = document.getElementById("scroller");
let current = ""; // the id of the message that the toolbar is about

const mayDelete = ({ dataset }) =>
  dataset.deleted === undefined && dataset.kind !== "system" && (dataset.author === me || administrates) && (room.isMember || administrates);

const added = new Map(); // actions that other modules add

/** Give the button `data-action=name` its use: `may(message)`, `run(message)`, `draw(button, message)`, and a `key`. */
export function addAction(name, action) {
  added.set(name, action);
}

const mayReact = () => room.isMember && !room.archived;

function drawReactionButtons() {
  const chars = favourites(3);
  for (const [index, button] of bar.querySelectorAll("[data-action=quick]").entries()) {
    button.hidden = !mayReact();
    button.textContent = button.dataset.emoji = chars[index];
    button.setAttribute("aria-label", say("react.with", { emoji: chars[index] }));
  }
  bar.querySelector("[data-action=react]").hidden = !mayReact();
}

function show(message) {
  if (!message || message.classList.contains("editing") || message.dataset.deleted !== undefined) return hide();
  if (message.dataset.kind === "system") return hide();
  document.querySelector(".message.pointed")?.classList.remove("pointed");
  current = message.id;
  message.classList.add("pointed");
  bar.querySelector("[data-action=edit]").hidden = !mayEdit(message);
  bar.querySelector("[data-action=delete]").hidden = !mayDelete(message);
  drawReactionButtons();
  for (const [name, { may, draw }] of added) {
    const button = bar.querySelector(`[data-action=${name}]`);
    button.hidden = !may(message);
    draw?.(button, message);
  }
  bar.hidden = false;
  place(message);
}

function place(message) {
  const frame = room.element.getBoundingClientRect();
  const box = message.getBoundingClientRect();
  const view = scroller.getBoundingClientRect();
  const top = Math.max(box.top - 16, view.top + 2);
  if (box.bottom < view.top + 8 || top > view.bottom - 30) return hide();
  bar.style.insetBlockStart = `${top - frame.top}px`;
  const rtl = getComputedStyle(room.element).direction === "rtl";
  bar.style.insetInlineEnd = `${(rtl ? box.left - frame.left : frame.right - box.right) + 16}px`;
}

function hide() {
  if (bar.contains(document.activeElement)) document.getElementById(current)?.focus({ preventScroll: true });
  document.querySelector(".message.pointed")?.classList.remove("pointed");
  bar.hidden = true;
  current = "";
}

const buttons = () => [...bar.querySelectorAll("button")].filter((button) => button.offsetParent);
const subject = () => document.getElementById(current);

async function pickReaction(message) {
  const anchor = bar.hidden ? message : bar;
  const { id } = message;
  const { pickEmoji } = await import("./emoji_picker.js");
  const emoji = await pickEmoji(anchor);
  const still = document.getElementById(id); // a frame may have replaced it meanwhile
  still?.focus({ preventScroll: true });
  if (emoji && still) toggleReaction(still, emoji);
}

async function copyLink(message) {
  const address = new URL(`${room.url}?message=${message.dataset.id}`, location.href).href;
  try {
    await navigator.clipboard.writeText(address);
    announce(say("copied"));
    flash();
  } catch {
    prompt(say("copy.by.hand"), address);
  }
}

function flash() {
  const button = bar.querySelector("[data-action=link]");
  const use = button.querySelector("use");
  const before = use.getAttribute("href");
  use.setAttribute("href", before.replace(/#.*/, "#check"));
  setTimeout(() => use.setAttribute("href", before), 1200);
}

function askToDelete(message) {
  dialog.dataset.message = message.id;
  dialog.querySelector(".delete-preview").replaceChildren(...message.querySelector(".prose").cloneNode(true).childNodes);
  dialog.querySelector(".field-error").textContent = "";
  dialog.showModal();
}

async function remove() {
  const message = document.getElementById(dialog.dataset.message);
  const button = dialog.querySelector("[data-confirm]");
  button.disabled = true;
  try {
    if (message) await ask(`${room.messagesUrl}${message.dataset.id}/`, { method: "DELETE" });
    announce(say("delete.done"));
    dialog.close();
  } catch (refused) {
    dialog.querySelector(".field-error").textContent = refused.detail || say("failed.network");
  } finally {
    button.disabled = false;
  }
}

function act(action, message, button) {
  if (action === "quick" && mayReact()) toggleReaction(message, button.dataset.emoji);
  if (action === "react" && mayReact()) pickReaction(message);
  if (action === "link") copyLink(message);
  if (action === "edit" && mayEdit(message)) {
    hide();
    edit(message);
  }
  if (action === "delete" && mayDelete(message)) askToDelete(message);
  if (added.get(action)?.may(message)) added.get(action).run(message);
}

// -- Pointer ---------------------------------------------------------------------------------------------------------

const messageAt = (target) => target.closest?.("#timeline > .message");

room.element.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch" || bar.contains(event.target)) return;
  const message = messageAt(event.target);
  if (message) show(message);
  else if (!bar.matches(":hover, :focus-within")) hide();
});
room.element.addEventListener("pointerleave", () => bar.matches(":focus-within") || hide());
room.timeline.addEventListener("click", (event) => {
  const message = messageAt(event.target);
  if (message && matchMedia("(hover: none)").matches && !event.target.closest("a, button, textarea, summary")) show(message);
});
bar.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button && subject()) act(button.dataset.action, subject(), button);
});
dialog.querySelector("[data-confirm]").addEventListener("click", remove);
dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => document.getElementById(dialog.dataset.message)?.focus({ preventScroll: true }));

// -- Keyboard --------------------------------------------------------------------------------------------------------

/** One message is a stop of Tab; arrows move the stop. */
export function keepTabStop() {
  const all = [...shown()];
  if (!all.length || all.some((message) => message.tabIndex === 0)) return;
  all.at(-1).tabIndex = 0;
}

function move(message) {
  for (const other of room.timeline.querySelectorAll(":scope > .message[tabindex='0']")) other.tabIndex = -1;
  message.tabIndex = 0;
  message.focus();
  message.scrollIntoView({ block: "nearest" });
}

room.timeline.addEventListener("keydown", (event) => {
  if (!event.target.matches("#timeline > .message") || event.altKey || event.ctrlKey || event.metaKey) return;
  const all = [...shown()];
  const at = all.indexOf(event.target);
  const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
  if (goal !== undefined) {
    event.preventDefault();
    if (all[goal]) move(all[goal]);
    else if (goal >= all.length) document.getElementById("composer-text")?.focus();
  } else if (event.key === "e" || event.key === "Enter") {
    event.preventDefault();
    act("edit", event.target);
  } else if (event.key === "+" || event.key === "r") {
    event.preventDefault();
    act("react", event.target);
  } else if (event.key === "Delete") {
    act("delete", event.target);
  } else {
    for (const [name, { key }] of added) if (key === event.key) act(name, event.target);
  }
});
room.timeline.addEventListener("focusin", (event) => {
  const message = messageAt(event.target);
  if (message && event.target.matches(":focus-visible, :focus")) show(message);
});
// Tab goes from the message to its toolbar and back, although the toolbar stands elsewhere in the document.
room.timeline.addEventListener("keydown", (event) => {
  if (event.key !== "Tab" || event.shiftKey || !event.target.matches("#timeline > .message") || bar.hidden) return;
  event.preventDefault();
  buttons()[0].focus();
});
bar.addEventListener("keydown", (event) => {
  const all = buttons();
  const at = all.indexOf(document.activeElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) {
    event.preventDefault();
    all[(at + step + all.length) % all.length].focus();
  } else if (event.key === "Escape" || (event.key === "Tab" && event.shiftKey)) {
    event.preventDefault();
    event.stopPropagation();
    subject()?.focus({ preventScroll: true });
  } else if (event.key === "Tab") {
    event.preventDefault();
    (document.getElementById("composer-text") ?? scroller).focus();
    hide();
  }
});
onScroll(() => {
  if (!bar.hidden && subject()) place(subject());
});
onMessages(() => {
  keepTabStop();
  if (bar.hidden) return;
  if (subject()) show(subject());
  else hide();
});
