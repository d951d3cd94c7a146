// The chips below a message: "mine", who reacted, and changing one's mind.
import { chose, learn } from "./choices.js";
import { used } from "./emoji.js";
import { ask, me } from "./page.js";
import { onPeople, person } from "./people.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

/** Say what the stored fragment can't: which reactions are this person's. */
export function drawReactions(message) {
  for (const chip of chipsOf(message)) {
    const mine = isMine(message, chip);
    chip.classList.toggle("mine", mine);
    chip.setAttribute("aria-pressed", String(mine));
    if (chip.dataset.tip) tell(chip); // it has the focus already
    else chip.setAttribute("aria-label", say("reaction.count", { emoji: nameOf(chip), n: countOf(chip) }));
  }
}

/** React with an emoji, or take it back where this person has reacted so. What comes of it, everybody's frame brings. */
export async function toggleReaction(message, emoji) {
  const place = message.closest("[data-room]").dataset.room;
  // What the chip shows is what is pressed, also while it is asked for anew.
  const mine = [...chipsOf(message)].some((chip) => chip.dataset.emoji === emoji && chip.classList.contains("mine"));
  const address = `/rooms/${place}/messages/${message.dataset.id}/reactions/${encodeURIComponent(emoji)}/`;
  try {
    await ask(address, { method: mine ? "DELETE" : "POST" });
    learn(message.dataset.id, emoji, !mine);
    if (!mine) used(emoji);
  } catch (refused) {
    toastProblem(refused.detail || say(refused.code === "network" ? "failed.network" : "failed.404"));
  }
}

const chipsOf = (message) => message.querySelectorAll(":scope > .reactions > .reaction");
const nameOf = ({ dataset }) => dataset.name ?? dataset.emoji; // one of the organisation's is called by its name
const peopleOf = (chip) => chip.dataset.people.split(" ");
const countOf = (chip) => Number(chip.dataset.count ?? peopleOf(chip).length); // it names only the first of many

function isMine(message, chip) {
  const people = peopleOf(chip);
  const named = people.includes(me) || (chip.dataset.count ? undefined : false);
  return chose(message, chip.dataset.emoji, named);
}


// Names are asked for when somebody wants to read them, not for every chip of the page.
function tell(chip) {
  const others = peopleOf(chip).filter((id) => id !== me);
  const mine = chip.classList.contains("mine");
  const names = others.map((id) => person(id)?.name ?? "…");
  if (mine) names.unshift(say("you"));
  const rest = countOf(chip) - names.length;
  if (rest > 0) names.push(say("reaction.rest", { n: rest }));
  chip.dataset.tip = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(names);
  chip.setAttribute("aria-label", say("reaction.who", { emoji: nameOf(chip), people: chip.dataset.tip }));
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
document.addEventListener("parley:choices", ({ detail: ids }) => {
  for (const id of ids) document.querySelectorAll(`.message[data-id="${id}"][data-drawn]`).forEach(drawReactions);
});
onPeople(() => document.querySelectorAll(".reaction[data-tip]").forEach(tell));
