// What this person saved for later, as every copy of a message shows it.
import { setPutBy } from "./badges.js";
import { icon, make } from "./page.js";
import { say } from "./strings.js";

const open = new Set(); // ids of the newest that are saved and not done

export const isSaved = ({ dataset }) => open.has(dataset.id);

/** Mark a message that is saved, or take the mark away. */
export function drawSaved(message) {
  message.querySelector(".saved-mark")?.remove();
  if (isSaved(message)) message.querySelector(".prose").after(make("span", "pinned-mark saved-mark", icon("bookmark"), say("saved")));
}

/** These are saved, and no others. */
export function setSaved(ids) {
  const changed = new Set([...open, ...ids]);
  open.clear();
  for (const id of ids) open.add(id);
  changed.forEach(redraw);
}

/** One was saved, done or forgotten, on this device or another. */
export function noteSaved({ message, state, open: count }) {
  if (state === "open") open.add(message);
  else open.delete(message);
  redraw(message);
  setPutBy("saved", count);
  document.dispatchEvent(new CustomEvent("parley:saved"));
}

const redraw = (id) => document.querySelectorAll(`.message[data-id="${CSS.escape(id)}"][data-drawn]`).forEach(drawSaved);
