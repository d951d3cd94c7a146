// The question before a message tells many people. Loaded with the first message that has an @.
import { ask, make } from "./page.js";
import { isCalled } from "./people.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const MANY = 10; // as chat.naming
const NAME = /(?<![\p{L}\p{N}_@./+-])@([\p{L}\p{N}_][\p{L}\p{N}_.-]*)/gu;
const PATIENCE = 3000;

let asking = false;

/** Whether the author wants to tell as many people as `text` names; what it said `before` an edit was told already. */
export async function mayTell(text, before = "") {
  if (!mayNameMany(text, before)) return true;
  if (asking) return false;
  asking = true;
  try {
    return await counted(text);
  } finally {
    asking = false;
  }
}

async function counted(text) {
  const signal = AbortSignal.timeout(PATIENCE);
  const { people, refused } = await (await ask(`${room.url}naming/`, { method: "POST", fields: { text }, signal })).json();
  if (refused) {
    toastProblem(refused);
    announce(refused);
    return false;
  }
  return people <= MANY || confirmed(people);
}

// A person who is known by their name is one, however large the room.
function mayNameMany(text, before) {
  const members = Number(document.querySelector("[data-members-count]")?.textContent);
  if (members <= MANY + 1) return false;
  const words = namesIn(text).filter((word) => !namesIn(before).includes(word));
  return words.length > MANY || words.some((word) => !isCalled(word));
}

const namesIn = (text) => [...text.matchAll(NAME)].map(([, word]) => word.toLowerCase().replace(/[._-]+$/, ""));

// Enter sends: the button has the focus.
function confirmed(people) {
  const dialog = make("dialog", "dialog naming-dialog");
  const words = make("p", "confirm-text", say("naming.ask", { n: people }));
  const form = make("form", "form-actions", button("no", say("naming.no")), button("yes", say("naming.yes", { n: people })));
  words.id = "naming-words";
  dialog.setAttribute("aria-labelledby", words.id);
  form.method = "dialog";
  form.lastChild.classList.add("primary");
  form.lastChild.autofocus = true;
  dialog.append(words, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((answer) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      answer(dialog.returnValue === "yes");
    });
  });
}

function button(value, text) {
  const made = make("button", "button", text);
  made.value = value;
  return made;
}
