// What a person chooses for this device: colours, contrast, density, and which key sends. Loaded when it is opened.
import { recall, remember } from "./device.js";
import { along } from "./page.js";

const dialog = document.getElementById("preferences-dialog");
const breaks = document.getElementById("enter-breaks");
const groups = [...dialog.querySelectorAll("[data-preference]")];

const optionsOf = (group) => [...group.querySelectorAll("[role=radio]")];

// These are the browser's and not a person's: the sign-in page has them too (static/parley/theme.js).
function chosen(name) {
  try {
    return localStorage.getItem(`parley.${name}`) ?? "";
  } catch {
    return "";
  }
}

function choose(group, value) {
  try {
    if (value) localStorage.setItem(`parley.${group.dataset.preference}`, value);
    else localStorage.removeItem(`parley.${group.dataset.preference}`);
  } catch {
    return; // Storage is refused: nothing can be chosen.
  }
  document.dispatchEvent(new CustomEvent("parley:theme"));
  show(group);
}

function show(group) {
  const value = chosen(group.dataset.preference);
  for (const option of optionsOf(group)) {
    const is = option.value === value;
    option.setAttribute("aria-checked", String(is));
    option.tabIndex = is ? 0 : -1;
  }
}

/** Open the dialog with what is chosen. */
export function openPreferences() {
  groups.forEach(show);
  breaks.checked = recall("enter-breaks", false);
  dialog.showModal();
}

for (const group of groups) {
  group.addEventListener("click", ({ target }) => target.matches("[role=radio]") && choose(group, target.value));
  group.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? along(event);
    if (!move) return;
    event.preventDefault();
    const options = optionsOf(group);
    const other = options[(options.indexOf(event.target) + move + options.length) % options.length];
    choose(group, other.value);
    other.focus();
  });
}
breaks.addEventListener("change", () => remember("enter-breaks", breaks.checked || null));
