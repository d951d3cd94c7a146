// "Ada is typing…", in the room or beside it in the thread that is open: said at most every 3 s, forgotten after 5.
import { isHidden } from "./blocked.js";
import { me } from "./page.js";
import { onPeople, person } from "./people.js";
import { socket, isLive } from "./live.js";
import { say } from "./strings.js";

const EVERY = 3000;
const FOR = 5000;
const typing = new Map(); // by person and thread: {id, thread, timer}
const said = new Map(); // when, by thread; "" is the room

/** The reader types, in the room or in a thread of it. */
export function type(thread = "") {
  if (Date.now() - (said.get(thread) ?? 0) < EVERY || !isLive()) return;
  said.set(thread, Date.now());
  socket.send("typing", thread ? { thread } : {});
}

/** The reader sent or emptied the field: the next letter is said at once. */
export function stopTyping(thread = "") {
  said.delete(thread);
}

/** A message of theirs arrived: they are not typing there. */
export function wrote(id, thread = "") {
  drop(`${id} ${thread}`);
}

/** Say who types, after another thread was opened. */
export function showTyping() {
  const thread = document.getElementById("thread");
  tell(document.getElementById("typing"), "");
  if (thread) tell(thread.querySelector(".typing"), thread.dataset.thread);
}

function tell(line, thread) {
  const here = [...typing.values()].filter((one) => one.thread === thread);
  const names = here.map(({ id }) => person(id)?.name).filter(Boolean);
  const [first, second] = names;
  if (!names.length) line.textContent = "";
  else if (names.length === 1) line.textContent = say("typing.one", { first });
  else if (names.length === 2) line.textContent = say("typing.two", { first, second });
  else line.textContent = say("typing.many", { first, rest: names.length - 1 });
}

function drop(key) {
  if (!typing.has(key)) return;
  clearTimeout(typing.get(key).timer);
  typing.delete(key);
  showTyping();
}

socket
  .on("typing", ({ person: id, thread = "" }) => {
    if (id === me || isHidden(id)) return;
    const key = `${id} ${thread}`;
    clearTimeout(typing.get(key)?.timer);
    typing.set(key, { id, thread, timer: setTimeout(() => drop(key), FOR) });
    showTyping();
  })
  .on("close", () => [...typing.keys()].forEach(drop));
onPeople(showTyping);
