// The offline shell: what waits on this device, a field to write more, and away as soon as there is a network again.
// A script of its own: the modules of the workspace need the workspace's page.
const EVERY = 4000; // milliseconds between two looks at the network
const MOST = 10_000; // characters of a message
const form = document.getElementById("offline-form");
const list = document.getElementById("offline-waiting");
const field = form.querySelector("textarea");
const choice = form.querySelector("select");

function read(name, otherwise) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

const person = (() => {
  try {
    return localStorage.getItem("parley.person");
  } catch {
    return null;
  }
})();
const outbox = (room) => `parley.${person}.outbox.${room}`;
const rooms = person ? read(`parley.${person}.rooms`, []) : [];

function write(room, items) {
  if (items.length) localStorage.setItem(outbox(room), JSON.stringify(items));
  else localStorage.removeItem(outbox(room));
}

function draw() {
  const waiting = rooms.flatMap(([room, name]) => read(outbox(room), []).map((item) => ({ room, name, item })));
  list.replaceChildren(...waiting.map(entry));
  document.getElementById("offline-none").hidden = waiting.length > 0;
}

function entry({ room, name, item }) {
  const element = document.getElementById("template-waiting").content.firstElementChild.cloneNode(true);
  element.querySelector("[data-room-name]").textContent = name;
  element.querySelector("[data-text]").textContent = [item.text, ...(item.names ?? [])].filter(Boolean).join("\n");
  element.querySelector("button").addEventListener("click", () => {
    write(room, read(outbox(room), []).filter((one) => one.id !== item.id));
    draw();
    field.focus();
  });
  return element;
}

function keep(event) {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || [...text].length > MOST) return;
  const item = { id: crypto.randomUUID(), text, files: "", names: [], created: Date.now() };
  write(choice.value, [...read(outbox(choice.value), []), item]);
  field.value = "";
  draw();
}

async function look() {
  try {
    const answer = await fetch("/offline/", { cache: "no-store" });
    if (!answer.ok) return;
  } catch {
    return;
  }
  if (!field.value.trim()) return location.reload();
  document.getElementById("offline-back").hidden = false; // never under somebody's hands
}

for (const [room, name] of rooms) choice.append(new Option(name, room));
form.hidden = !rooms.length;
// The room that could not be opened is the likely one.
const wanted = /\/rooms\/(r\d+)\//.exec(location.pathname)?.[1];
if (rooms.some(([room]) => room === wanted)) choice.value = wanted;
form.addEventListener("submit", keep);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) keep(event);
});
document.getElementById("offline-try").addEventListener("click", () => location.reload());
addEventListener("online", look);
setInterval(look, EVERY);
draw();
