// What a person chooses for this device: colours, and which key sends.
import { forgetEverything, recall, remember } from "./device.js";

const dialog = document.getElementById("preferences-dialog");
const breaks = document.getElementById("enter-breaks");
const choices = [...dialog.querySelectorAll("[data-theme-choice]")];

function theme() {
  try {
    return localStorage.getItem("parley.theme") ?? "system";
  } catch {
    return "system";
  }
}

function choose(name) {
  try {
    if (name === "system") localStorage.removeItem("parley.theme");
    else localStorage.setItem("parley.theme", name);
  } catch {
    // This page has it all the same.
  }
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  show(name);
}

function show(name) {
  for (const choice of choices) {
    const chosen = choice.dataset.themeChoice === name;
    choice.setAttribute("aria-checked", String(chosen));
    choice.tabIndex = chosen ? 0 : -1;
  }
}

function open() {
  show(theme());
  breaks.checked = recall("enter-breaks", false);
  dialog.showModal();
}

for (const [index, choice] of choices.entries()) {
  choice.addEventListener("click", () => choose(choice.dataset.themeChoice));
  choice.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    const other = choices[(index + move + choices.length) % choices.length];
    choose(other.dataset.themeChoice);
    other.focus();
  });
}
breaks.addEventListener("change", () => remember("enter-breaks", breaks.checked || null));
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-preferences-open]")) open();
  if (event.target.closest("[data-keys-open]")) document.getElementById("keys-dialog").showModal();
});
// The next person at this device must not find drafts.
document.addEventListener("submit", (event) => event.target.matches("[data-sign-out]") && forgetEverything());
