// Dragging rooms between sections of the sidebar, and one's own sections among each other. The menus do the same.
import { addresses, ask } from "./page.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const KINDS = { favourites: "favourites", rooms: "", directs: "" }; // what stands there by itself
let dragged = null;
let line = null; // before which it would go

document.addEventListener("dragstart", ({ target }) => {
  dragged = target.closest?.("#sidebar [data-room], #sidebar summary[draggable]");
});
document.addEventListener("dragend", () => {
  mark(null);
  dragged = null;
});

const sectionOf = (target) => target.closest?.("#sidebar [data-section]");
const isOwn = (section) => !(section.dataset.section in KINDS);

// Below the middle of what is pointed at, it goes after it.
function targetAt({ target, clientY }) {
  const section = sectionOf(target);
  if (!section) return null;
  const after = (element) => clientY > element.getBoundingClientRect().top + element.offsetHeight / 2;
  if (!dragged.dataset.room) {
    if (!isOwn(section)) return null;
    return { section, before: after(section) ? section.nextElementSibling : section };
  }
  const item = target.closest("li:has(> [data-room])");
  return { section, before: item && after(item) ? item.nextElementSibling : item };
}

function mark(goal) {
  line?.removeAttribute("data-drop");
  line = goal && (goal.before ?? goal.section);
  if (line) line.dataset.drop = goal.before ? "before" : "into";
}

document.addEventListener("dragover", (event) => {
  const goal = dragged && targetAt(event);
  mark(goal);
  if (goal) event.preventDefault();
});

document.addEventListener("drop", async (event) => {
  const goal = dragged && targetAt(event);
  if (!goal) return;
  event.preventDefault();
  const { dataset } = dragged;
  const section = goal.section.dataset.section;
  try {
    if (dataset.room) {
      const before = goal.before?.querySelector("[data-room]")?.dataset.room ?? "";
      await ask(`${dragged.getAttribute("href")}place/`, { method: "POST", fields: { section: KINDS[section] ?? section, before } });
    } else {
      const before = goal.before && isOwn(goal.before) ? goal.before.dataset.section : "";
      if (before !== sectionOf(dragged).dataset.section) await ask(`${addresses.sections}${sectionOf(dragged).dataset.section}/`, { method: "POST", fields: { before } });
    }
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
});
