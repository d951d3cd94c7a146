// The chips below a message: "mine", who reacted, and changing one's mind.
import { used } from "./emoji.js";
import { ask, me } from "./page.js";
import { onPeople, person } from "./people.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const NAMED = 12; // people on a chip's tip; the rest are counted

/** Say what the stored fragment can't: which reactions are this person's. */
export function drawReactions(message) {
  for (const chip of chipsOf(message)) {
    const people = peopleOf(chip);
    const mine = people.includes(me);
    chip.classList.toggle("mine", mine);
    chip.setAttribute("aria-pressed", String(mine));
    if (chip.dataset.tip) tell(chip); // it has the focus already
    else chip.setAttribute("aria-label", say("reaction.count", { emoji: chip.dataset.emoji, n: people.length }));
  }
}

/** React with an emoji, or take it back where this person has reacted so. What comes of it, everybody's frame brings. */
export async function toggleReaction(message, emoji) {
  const place = message.closest("[data-room]").dataset.room;
  const mine = [...chipsOf(message)].some((chip) => chip.dataset.emoji === emoji && peopleOf(chip).includes(me));
  const address = `/rooms/${place}/messages/${message.dataset.id}/reactions/${encodeURIComponent(emoji)}/`;
  try {
    await ask(address, { method: mine ? "DELETE" : "POST" });
    if (!mine) used(emoji);
  } catch (refused) {
    toastProblem(refused.detail || say(refused.code === "network" ? "failed.network" : "failed.404"));
  }
}

/** The chip that stands for `chip` on another copy of its message. */
export const sameChip = (message, chip) => [...chipsOf(message)].find((one) => one.dataset.emoji === chip.dataset.emoji);

const chipsOf = (message) => message.querySelectorAll(":scope > .reactions > .reaction");
const peopleOf = (chip) => chip.dataset.people.split(" ");

// Names are asked for when somebody wants to read them, not for every chip of the page.
function tell(chip) {
  const people = peopleOf(chip).sort((one, other) => (other === me) - (one === me));
  const names = people.slice(0, NAMED).map((id) => (id === me ? say("you") : (person(id)?.name ?? "…")));
  if (people.length > NAMED) names.push(say("reaction.rest", { n: people.length - NAMED }));
  chip.dataset.tip = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(names);
  chip.setAttribute("aria-label", say("reaction.who", { emoji: chip.dataset.emoji, people: chip.dataset.tip }));
}

const chipAt = (target) => target.closest?.(".reaction[data-people]");

document.addEventListener("click", (event) => {
  const chip = chipAt(event.target);
  if (chip) toggleReaction(chip.closest(".message"), chip.dataset.emoji);
});
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const chip = chipAt(event.target);
    if (chip && !chip.dataset.tip) tell(chip);
  });
}
onPeople(() => document.querySelectorAll(".reaction[data-tip]").forEach(tell));
