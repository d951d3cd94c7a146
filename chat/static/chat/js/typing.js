// "Ada is typing…": said at most every 3 s, forgotten after 5.
import { me } from "./page.js";
import { onPeople, person } from "./people.js";
import { socket, isLive } from "./live.js";
import { say } from "./strings.js";

const EVERY = 3000;
const FOR = 5000;
const line = document.getElementById("typing");
const typing = new Map();
let said = 0;

/** The reader types. */
export function type() {
  if (Date.now() - said < EVERY || !isLive()) return;
  said = Date.now();
  socket.send("typing");
}

/** The reader sent or emptied the field: the next letter is said at once. */
export function stopTyping() {
  said = 0;
}

/** A message of theirs arrived: they are not typing. */
export function wrote(id) {
  if (typing.has(id)) drop(id);
}

function drop(id) {
  clearTimeout(typing.get(id));
  typing.delete(id);
  show();
}

function show() {
  const names = [...typing.keys()].map((id) => person(id)?.name).filter(Boolean);
  const [first, second] = names;
  if (!names.length) line.textContent = "";
  else if (names.length === 1) line.textContent = say("typing.one", { first });
  else if (names.length === 2) line.textContent = say("typing.two", { first, second });
  else line.textContent = say("typing.many", { first, rest: names.length - 1 });
}

socket
  .on("typing", ({ person: id }) => {
    if (id === me) return;
    clearTimeout(typing.get(id));
    typing.set(id, setTimeout(() => drop(id), FOR));
    show();
  })
  .on("close", () => [...typing.keys()].forEach(drop));
onPeople(show);
