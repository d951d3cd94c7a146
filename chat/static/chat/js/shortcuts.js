// The keys that work everywhere in the workspace; `?` lists them.
import { closePanel } from "./panel.js";
import { readAll } from "./sidebar.js";
import { openSwitcher } from "./switcher.js";

const isTyping = (target) => target.matches?.("input, textarea, select, [contenteditable]");

function step(direction, unreadOnly) {
  const links = [...document.querySelectorAll("#sidebar [data-room]")];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  const turn = (index) => (index + links.length) % links.length;
  let at = turn(here === -1 && direction < 0 ? 0 + direction : here + direction);
  for (let tries = 0; tries < links.length; tries += 1, at = turn(at + direction)) {
    if (at !== here && (!unreadOnly || links[at].classList.contains("unread"))) return links[at].click();
  }
}

function search() {
  const field = document.getElementById("search-query") ?? document.getElementById("room-search-query");
  if (field?.offsetParent) field.focus();
  else document.getElementById("search-link")?.click();
}

document.addEventListener("keydown", (event) => {
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openSwitcher();
  } else if (document.querySelector("dialog[open], [popover]:popover-open")) {
    return;
  } else if (event.altKey && !event.ctrlKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    step(event.key === "ArrowUp" ? -1 : 1, event.shiftKey);
  } else if (event.key === "Escape" && plain && event.shiftKey && !event.isComposing) {
    readAll();
  } else if (event.key === "Escape" && plain && !event.isComposing) {
    if (document.querySelector("#columns[data-view]")) document.querySelector("[data-toggle-sidebar]").click();
    else if (!closePanel()) document.dispatchEvent(new CustomEvent("parley:escape"));
  } else if (plain && !isTyping(event.target) && event.key === "/") {
    event.preventDefault();
    search();
  } else if (plain && !isTyping(event.target) && event.key === "?") {
    event.preventDefault();
    document.getElementById("keys-dialog").showModal();
  }
});
