// The sidebar: fetched again when rooms change, sections that stay closed, and one column at a time on a phone.
import { redraw } from "./badges.js";
import { addresses, ask } from "./page.js";

const columns = document.getElementById("columns");
const current = document.querySelector("#sidebar [aria-current]")?.id;
const scroller = () => document.getElementById("sidebar-scroll");
let timer = 0;
let at = 0;

/** Fetch the sidebar, soon and once. Morphing keeps the focus and an open menu. */
export function fetchSidebar() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const room = document.getElementById("room")?.dataset.room ?? "";
    htmx.ajax("GET", `${addresses.sidebar}?room=${room}`, { target: "#sidebar", swap: "outerMorph" });
  }, 120 + Math.random() * 300);
}

// Not by the promise of the request: one that waits for the one before keeps it at once.
document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id === "sidebar") at = scroller().scrollTop;
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (ctx.target?.id !== "sidebar") return;
  scroller().scrollTop = at;
  if (current) document.getElementById(current)?.setAttribute("aria-current", "page");
  redraw();
});

function view(name) {
  if (name) columns.dataset.view = name;
  else delete columns.dataset.view;
}

/** Everything is read; the toast undoes it. */
export const readAll = () => import("./all_read.js").then((module) => module.readAll());

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-read-all]")) readAll();
  if (event.target.closest("[data-preferences-open]")) import("./preferences.js").then(({ openPreferences }) => openPreferences());
  if (event.target.closest("[data-keys-open]")) document.getElementById("keys-dialog").showModal();
  if (event.target.closest("[data-open-sidebar]")) {
    view("sidebar");
    document.getElementById("organisation-button").focus();
  } else if (event.target.closest("[data-toggle-sidebar]")) {
    view(null);
    document.querySelector("[data-open-sidebar]")?.focus();
  }
});
// What the server has drawn is no news to it.
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches?.("[data-section]") || target.open !== Boolean(target.dataset.closed)) return;
    target.dataset.closed = target.open ? "" : "1";
    ask(`${addresses.sections}closed/`, { method: "POST", fields: { section: target.dataset.section, closed: Number(!target.open) } }).catch(() => {});
  },
  true,
);
// The menus of rooms and sections: by the right button, a long touch, or the keyboard's menu key; in a room by a button.
async function ownMenu(event) {
  const from = event.target.closest?.(event.type === "click" ? "button[data-own-menu]" : "#sidebar :is([data-room], summary)");
  const url = from?.dataset.room ? `${from.getAttribute("href")}preferences/` : from?.closest("[data-own-menu]")?.dataset.ownMenu;
  if (!url) return;
  event.preventDefault();
  const { openOwnMenu } = await import("./own_menu.js");
  openOwnMenu(url, from);
}

// Dragging is loaded when a pointer comes that could drag: with the drag itself it would be too late.
document.getElementById("sidebar").parentElement.addEventListener("pointerover", () => import("./dragging.js").catch(() => {}), { once: true });
document.addEventListener("contextmenu", ownMenu);
document.addEventListener("click", ownMenu);
// Arrows move within a menu.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[role=menu]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("[role^=menuitem]")].filter((item) => item.offsetParent);
  const at = items.indexOf(document.activeElement);
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  items.at(goal % items.length).focus();
});
document.getElementById("organisation-menu").addEventListener("toggle", (event) => {
  document.getElementById("organisation-button").setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "open") event.target.querySelector("[role=menuitem]").focus();
});
document.querySelector("#sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
