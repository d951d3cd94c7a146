// What a message can hold beside words: the menu of a composer's plus. Loaded when it is opened for the first time.
const menu = document.getElementById("composer-menu");
let opener = null;
let reply = {}; // of its composer: in which thread, and whether to the room as well
const items = () => [...menu.querySelectorAll("[role=menuitem]")];

const dialogs = {
  snippet: async () => (await import("./snippet_dialog.js")).openSnippetDialog(reply),
  poll: async () => (await import("./list_dialogs.js")).openPollDialog(reply),
  todo: async () => (await import("./list_dialogs.js")).openTodoDialog({ reply }),
};

/** Open the menu above a composer's button, the first item with the focus. What is made goes where the composer's words go: `place`. */
export function openComposerMenu(button, place = {}) {
  opener = button;
  reply = place;
  const box = opener.getBoundingClientRect();
  menu.style.insetBlockEnd = `${innerHeight - box.top + 4}px`;
  if (getComputedStyle(opener).direction === "rtl") menu.style.right = `${Math.max(8, innerWidth - box.right)}px`;
  else menu.style.left = `${Math.min(box.left, innerWidth - 220)}px`;
  menu.showPopover();
  opener.setAttribute("aria-expanded", "true");
  items()[0].focus();
}

menu.addEventListener("toggle", (event) => {
  if (event.newState === "closed") opener.setAttribute("aria-expanded", "false");
});
menu.addEventListener("click", (event) => {
  const item = event.target.closest("[data-block-dialog]");
  if (!item) return;
  menu.hidePopover();
  dialogs[item.dataset.blockDialog]();
});
menu.addEventListener("keydown", (event) => {
  const all = items();
  const at = all.indexOf(document.activeElement);
  const goal = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
  if (goal !== undefined) {
    event.preventDefault();
    all[goal % all.length].focus();
  } else if (event.key === "Tab") {
    menu.hidePopover();
  } else if (event.key === "Escape") {
    event.stopPropagation(); // else it would close the panel as well
    event.preventDefault();
    menu.hidePopover();
    opener.focus();
  }
});
