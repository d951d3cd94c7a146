// What this person chose below messages, where the fragment does not say it because it names only the first of many, or
// nobody. Asked for together and once; after that their own frames tell.
import { addresses, ask } from "./page.js";

const MOST = 100; // in one question
const MANY = 5000; // of what is remembered
const mine = new Map(); // {on, revision} by "m5 👍" or "m5 3": whether they chose it, as of which revision of the message
const answered = new Set(); // messages of which all is known
const wanted = new Set();
let timer = 0;

/** Whether this person chose `key`, an emoji or the number of an option, on a message. `named` is what its fragment says of
 * it, undefined where it does not: then "parley:choices" tells when it is known. */
export function chose({ dataset: { id, revision } }, key, named) {
  const name = `${id} ${key}`;
  const known = mine.get(name);
  if (named !== undefined && !(known?.revision >= Number(revision))) remember(name, named, Number(revision));
  else if (!known && !answered.has(id)) want(id);
  return mine.get(name)?.on ?? false;
}

/** This person chose `key`, or does no more, with that revision of the message where it is known. A fragment from before
 * may come later. */
export function learn(id, key, on, revision = 0) {
  remember(`${id} ${key}`, on, revision);
  tell([id]);
}

/** These options are all that this person has chosen of a poll. */
export function learnOptions(id, options, revision = 0) {
  const others = [...mine.keys()].filter((name) => name.startsWith(`${id} `) && /^\d+$/.test(name.slice(id.length + 1)));
  for (const name of others) remember(name, false, revision);
  for (const number of options) remember(`${id} ${number}`, true, revision);
  tell([id]);
}

function remember(name, on, revision = 0) {
  if (mine.size > MANY) forget();
  const known = mine.get(name)?.revision ?? 0;
  if (!revision || revision >= known) mine.set(name, { on, revision: Math.max(revision, known) });
}

function forget() {
  mine.clear();
  answered.clear();
}

function want(id) {
  wanted.add(id);
  clearTimeout(timer);
  timer = setTimeout(fetchWanted, 20);
}

async function fetchWanted() {
  const ids = [...wanted].slice(0, MOST);
  for (const id of ids) wanted.delete(id);
  if (wanted.size) timer = setTimeout(fetchWanted, 20);
  try {
    const { choices } = await (await ask(`${addresses.choices}?messages=${ids.join(",")}`)).json();
    for (const id of ids) {
      answered.add(id);
      for (const key of [...(choices[id]?.emoji ?? []), ...(choices[id]?.options ?? [])]) remember(`${id} ${key}`, true);
    }
    tell(ids);
  } catch {
    // It is asked again when the message is drawn again.
  }
}

const tell = (ids) => document.dispatchEvent(new CustomEvent("parley:choices", { detail: ids }));

document.addEventListener("parley:chose", ({ detail: { message, revision, emoji, on, options } }) => {
  if (options) learnOptions(message, options, revision);
  else learn(message, emoji, on, revision);
});
// What changed while the connection was lost is drawn again, and asked for then.
let connected = false;
document.addEventListener("parley:state", () => {
  if (connected) forget();
  connected = true;
});
