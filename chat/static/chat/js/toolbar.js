// One toolbar for the page, on the message under the pointer or the focus, and the menu of what is done more rarely.
// What can be done with a message is added by the modules that do it (`addAction`).
import { room } from "./standing.js";
import { onScroll } from "./scrolling.js";
import { onMessages } from "./window.js";

export const MESSAGES = "#timeline > .message, #thread-list > .message";

const bar = document.getElementById("message-toolbar");
const menu = document.getElementById("message-menu");
const more = bar.querySelector("[data-more]");
const actions = new Map();
let current = ""; // the id of the message that the toolbar is about

/**
 * Give the button or menu item `data-action=name` its use: `may(message)`, `run(message, button)`,
 * `draw(button, message, number)` and `keys`, which do the same on a message that has the focus.
 */
export function addAction(name, action) {
  actions.set(name, action);
}

/** The message of the timeline or the open thread in which `target` stands. */
export const messageAt = (target) => target.closest?.(MESSAGES);
export const subject = () => document.getElementById(current);
export const isMenuOpen = () => menu.matches(":popover-open");

/** Do it, if this person may; false when they may not. */
export function act(name, message, button) {
  const action = actions.get(name);
  if (!action?.may(message)) return false;
  action.run(message, button);
  return true;
}

/** Do what this key stands for; false when it stands for nothing. */
export function actByKey(key, message) {
  for (const [name, { keys = [] }] of actions) if (keys.includes(key) && act(name, message)) return true;
  return false;
}

/** Put the toolbar on a message. */
export function show(message) {
  const { deleted, kind } = message?.dataset ?? {};
  if (!message || message.classList.contains("editing") || deleted !== undefined || kind === "system") return hide();
  document.querySelector(".message.pointed")?.classList.remove("pointed");
  current = message.id;
  message.classList.add("pointed");
  draw(bar, message);
  draw(menu, message);
  more.hidden = !menu.querySelector("[data-action]:not([hidden])");
  (message.closest("#thread") ?? room.element).append(bar);
  bar.hidden = false;
  place(message);
}

function draw(box, message) {
  const seen = new Map();
  for (const button of box.querySelectorAll("[data-action]")) {
    const name = button.dataset.action;
    const action = actions.get(name);
    const number = seen.get(name) ?? 0;
    seen.set(name, number + 1);
    button.hidden = !action?.may(message);
    if (!button.hidden) action.draw?.(button, message, number);
  }
}

function place(message) {
  const frame = bar.parentElement.getBoundingClientRect();
  const box = message.getBoundingClientRect();
  const view = message.closest("#scroller, #thread-scroller").getBoundingClientRect();
  const top = Math.max(box.top - 16, view.top + 2);
  if (box.bottom < view.top + 8 || top > view.bottom - 30) return hide();
  bar.style.insetBlockStart = `${top - frame.top}px`;
  const rtl = getComputedStyle(room.element).direction === "rtl";
  bar.style.insetInlineEnd = `${(rtl ? box.left - frame.left : frame.right - box.right) + 16}px`;
}

/** Take the toolbar away. */
export function hide() {
  if (isMenuOpen()) menu.hidePopover();
  if (bar.contains(document.activeElement)) subject()?.focus({ preventScroll: true });
  document.querySelector(".message.pointed")?.classList.remove("pointed");
  bar.hidden = true;
  current = "";
}

// -- The menu ----------------------------------------------------------------------------------------------------------

function openMenu() {
  menu.showPopover();
  const from = more.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  const below = from.bottom + 4 + box.height <= innerHeight;
  menu.style.top = `${below ? from.bottom + 4 : Math.max(4, from.top - 4 - box.height)}px`;
  menu.style.left = `${Math.min(Math.max(4, from.right - box.width), innerWidth - box.width - 4)}px`;
  menu.querySelector("[data-action]:not([hidden])")?.focus();
}

more.addEventListener("click", () => (isMenuOpen() ? menu.hidePopover() : openMenu()));
menu.addEventListener("toggle", ({ newState }) => more.setAttribute("aria-expanded", String(newState === "open")));
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" && event.key !== "Tab") return;
  event.preventDefault();
  event.stopPropagation();
  menu.hidePopover();
  more.focus();
});
menu.addEventListener("click", (event) => {
  const item = event.target.closest("[data-action]");
  const message = subject();
  if (!item) return;
  menu.hidePopover();
  message?.focus({ preventScroll: true }); // a dialog that it opens gives the focus back to the message
  if (message) act(item.dataset.action, message, item);
});

// -- Pointer ---------------------------------------------------------------------------------------------------------

document.addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch" || isMenuOpen() || bar.contains(event.target)) return;
  const message = messageAt(event.target);
  if (message) show(message);
  else if (!bar.hidden && !bar.matches(":hover, :focus-within")) hide();
});
document.addEventListener("click", (event) => {
  const message = messageAt(event.target);
  if (message && matchMedia("(hover: none)").matches && !event.target.closest("a, button, textarea, summary")) show(message);
});
bar.addEventListener("click", (event) => {
  const button = event.target.closest("[data-action]");
  if (button && subject()) act(button.dataset.action, subject(), button);
});

onScroll(() => {
  if (!bar.hidden && subject()) place(subject());
});
document.addEventListener("scroll", ({ target }) => target.id === "thread-scroller" && !bar.hidden && subject() && place(subject()), true);
onMessages(() => {
  if (bar.hidden) return;
  const message = subject();
  if (message) show(message);
  else hide();
});
