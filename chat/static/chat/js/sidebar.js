// The sidebar: fetched again when rooms change, sections that stay closed, and one column at a time on a phone.
import { redraw } from "./badges.js";
import { recall, remember } from "./device.js";
import { addresses } from "./page.js";

const columns = document.getElementById("columns");
let timer = 0;
let current = document.querySelector("#sidebar [aria-current]")?.id;

/** Fetch the sidebar, soon and once. Morphing keeps the focus, the scroll position and an open menu. */
export function fetchSidebar() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const room = document.getElementById("room")?.dataset.room ?? "";
    const at = document.getElementById("sidebar-scroll").scrollTop;
    htmx
      .ajax("GET", `${addresses.sidebar}?room=${room}`, { target: "#sidebar", swap: "outerMorph" })
      .then(() => {
        document.getElementById("sidebar-scroll").scrollTop = at;
        if (current) document.getElementById(current)?.setAttribute("aria-current", "page");
        closeSections();
        redraw();
      })
      .catch(() => {});
  }, 120 + Math.random() * 300);
}

function closeSections() {
  const closed = recall("sections", []);
  for (const section of document.querySelectorAll("[data-section]")) section.open = !closed.includes(section.dataset.section);
}

function view(name) {
  if (name) columns.dataset.view = name;
  else delete columns.dataset.view;
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-open-sidebar]")) {
    view("sidebar");
    document.getElementById("organisation-button").focus();
  } else if (event.target.closest("[data-toggle-sidebar]")) {
    view(null);
    document.querySelector("[data-open-sidebar]")?.focus();
  }
});
document.addEventListener(
  "toggle",
  (event) => {
    if (!event.target.matches?.("[data-section]")) return;
    const closed = [...document.querySelectorAll("[data-section]:not([open])")].map((section) => section.dataset.section);
    remember("sections", closed.length ? closed : null);
  },
  true,
);
// Arrows move within the organisation's menu.
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("[role=menu]");
  if (!menu || !["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
  items.at(goal % items.length).focus();
});
document.getElementById("organisation-menu").addEventListener("toggle", (event) => {
  document.getElementById("organisation-button").setAttribute("aria-expanded", String(event.newState === "open"));
  if (event.newState === "open") event.target.querySelector("[role=menuitem]").focus();
});
closeSections();
document.querySelector("#sidebar [aria-current]")?.scrollIntoView({ block: "nearest" });
