// Pins as every copy of a message shows them.
import { icon, make } from "./page.js";
import { onPeople, person } from "./people.js";
import { say } from "./strings.js";

/** Say below a message that it is pinned, and by whom. */
export function drawPin(message) {
  const { pinned } = message.dataset;
  if (pinned === undefined) return;
  const mark = make("span", "pinned-mark", icon("pin"), make("span"));
  mark.dataset.pinnedBy = pinned;
  name(mark);
  message.querySelector(".prose").after(mark);
}

function name(mark) {
  const card = person(mark.dataset.pinnedBy);
  mark.lastChild.textContent = card ? say("pinned.by", { name: card.name }) : say("pinned");
}

onPeople((ids) => {
  for (const id of ids) document.querySelectorAll(`.pinned-mark[data-pinned-by="${CSS.escape(id)}"]`).forEach(name);
});
