// What a person makes of a room or a section for themselves: a menu that the server draws, beside whatever asked for it.
import { ask } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const GAP = 4;
const menu = document.createElement("div");
menu.className = "menu own-menu";
menu.id = "own-menu";
menu.popover = "auto";
menu.setAttribute("role", "menu");
document.body.append(menu);
let opener = null;
let url = "";
let sending = null; // what was chosen last: the menu is not drawn from before it

/** Open the menu at `address` below `from`, which gets the focus back. */
export async function openOwnMenu(address, from) {
  url = address;
  try {
    await sending;
    const response = await ask(url, { accept: "text/html" });
    menu.innerHTML = await response.text();
  } catch (refused) {
    return toastProblem(refused.detail || say("failed.network"));
  }
  opener = from;
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", say("own.menu"));
  menu.showPopover();
  place(from.getBoundingClientRect());
  menu.querySelector("[role^=menuitem]").focus();
}

function place(beside) {
  const { width, height } = menu.getBoundingClientRect();
  const rtl = getComputedStyle(menu).direction === "rtl";
  const left = rtl ? beside.right - width : beside.left;
  const below = beside.bottom + GAP;
  menu.style.left = `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`;
  menu.style.top = `${Math.max(GAP, below + height < innerHeight ? below : beside.top - height - GAP)}px`;
}

async function send({ dataset }, fields) {
  menu.hidePopover();
  try {
    await ask(dataset.url ?? url, { method: dataset.method ?? "POST", fields });
    announce(say("own.saved"));
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
}

// Some items ask for a word first, in the place of the menu.
function showForm(name) {
  const template = menu.querySelector(`[data-form-of="${name}"]`);
  menu.setAttribute("role", "dialog");
  menu.setAttribute("aria-label", template.dataset.heading);
  menu.replaceChildren(template.content);
  menu.querySelector("input").select();
}

menu.addEventListener("click", (event) => {
  const item = event.target.closest("[role^=menuitem]");
  if (item?.dataset.form) showForm(item.dataset.form);
  else if (item) sending = send(item, item.dataset.fields);
});
menu.addEventListener("submit", (event) => {
  event.preventDefault();
  sending = send(event.target, new FormData(event.target));
});
menu.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" && (event.key !== "Tab" || menu.matches("[role=dialog]"))) return;
  event.preventDefault();
  event.stopPropagation();
  menu.hidePopover();
});
menu.addEventListener("toggle", (event) => {
  const back = opener?.isConnected ? opener : document.getElementById(opener?.id);
  if (event.newState === "closed" && (menu.contains(document.activeElement) || document.activeElement === document.body)) back?.focus();
});
