// "Seen by …" below the newest message: names in small rooms, a number in large ones.
import { socket } from "./live.js";
import { ask, make, me } from "./page.js";
import { openPanel } from "./panel.js";
import { avatar, onPeople, person } from "./people.js";
import { follow } from "./scrolling.js";
import { positionOf, room, shown as messages } from "./standing.js";
import { say } from "./strings.js";
import { onMessages } from "./window.js";

const FACES = 5;
const NAMES = 3;
let line = document.getElementById("seen"); // null while this person is shown nothing
let seen = line && JSON.parse(line.dataset.seen);
let lives = 0;

/** The reader shares what they read from now on, and so is shown who has read; or does no more. */
export function show(shown) {
  if (!shown) return hide();
  if (line) return;
  line = make("p", "seen");
  line.id = "seen";
  document.getElementById("answers").after(line);
  follow();
  refresh();
}

function hide() {
  line?.remove();
  line = seen = null;
}

/** The panel of who has read one's own message. */
export function openReaders(message) {
  openPanel(`${room.messagesUrl}${message.dataset.id}/readers/`, message);
}

function draw() {
  if (!line || !seen) return;
  const last = [...messages()].at(-1);
  const said = last && !room.hasNewer && last.dataset.kind !== "system" ? words(last) : [];
  line.replaceChildren(...said);
}

function words(last) {
  const position = positionOf(last);
  if (seen.people === undefined) {
    return seen.count && seen.messages === position ? [say("seen.count", { n: seen.count })] : [];
  }
  const ids = seen.people.filter(([id, read]) => read >= position && id !== me && id !== last.dataset.author).map(([id]) => id);
  if (!ids.length) return [];
  const faces = make("span", "seen-faces", ...ids.slice(0, FACES).map((id) => avatar(person(id), "avatar tiny")));
  const names = ids.map((id) => person(id)?.name ?? "…");
  const text = new Intl.ListFormat(document.documentElement.lang).format(
    names.length > NAMES + 1 ? [...names.slice(0, NAMES), say("reaction.rest", { n: names.length - NAMES })] : names,
  );
  const label = make("span", "truncate", say("seen.by", { people: text }));
  label.dir = "auto";
  label.title = names.join(", ");
  return [faces, label];
}

socket.on("seen", (frame) => {
  seen = frame;
  draw();
  document.dispatchEvent(new CustomEvent("parley:seen"));
});
// After a pause it is asked for, not all at the same moment.
document.addEventListener("parley:live", () => {
  lives += 1;
  if (lives > 1 && line) setTimeout(refresh, Math.random() * 4000);
});
async function refresh() {
  try {
    seen = await (await ask(`${room.url}seen/`)).json();
    draw();
  } catch ({ status }) {
    if (status === 404) hide(); // else the next frame says it
  }
}

onMessages(draw);
onPeople(draw);
draw();
