// Messages on their way: shown at once, kept on the device, sent again after a break under the same client_id, which
// the server accepts once only (DESIGN 2). htmx does not queue; this does.
import { recall, remember } from "./device.js";
import { isLoading } from "./guard.js";
import { isLive, socket } from "./live.js";
import { fieldsOf, isFinal } from "./outbox_items.js";
import { ask, clone, me, Refused } from "./page.js";
import { avatar, person } from "./people.js";
import { follow } from "./scrolling.js";
import { room } from "./standing.js";
import { knows, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { onMessages } from "./window.js";

const PATIENCE = 3000; // without a socket for so long, HTTP takes over
const ANSWER = 8000; // and after so long without an answer
const box = document.getElementById("outbox");
const name = `outbox.${room.key}`;
let items = recall(name, []);
const own = new Set(items.map(({ id }) => id)); // what this page has or had; the rest there is another page's of this room
let heldUntil = 0;
let timer = 0;

/** Send a text, with uploaded files: it is on the page and on the device before this returns. `reply` says in which thread. */
export function post(text, { ids = "", names = [] } = {}, reply = {}) {
  items.push({ id: fresh(), text, files: ids, names, ...reply, created: Date.now(), waits: Date.now() });
  save();
  draw();
  follow();
  pump();
}

function fresh() {
  const id = crypto.randomUUID();
  own.add(id);
  return id;
}

/** Draw what waits, after another thread was opened. */
export const drawOutbox = () => draw();

// What is unsent goes out in order, over the socket when it has resumed, else by HTTP.
function pump() {
  clearTimeout(timer);
  const now = Date.now();
  if (now >= heldUntil) {
    for (const item of items.filter((one) => !one.failed && !one.stored)) {
      if (item.asking) break; // its answer decides what may follow, or a later message would overtake it
      if (item.sent) continue;
      if (isLive() && socket.send("post", fieldsOf(item))) item.sent = now;
      else if (now - item.waits >= PATIENCE) return void byHttp(item);
      else break;
    }
    const late = items.find((one) => one.sent && !one.asking && !one.stored && !one.failed && now - one.sent > ANSWER);
    if (late) return void byHttp(late);
  }
  if (items.some((one) => !one.failed && !one.stored)) timer = setTimeout(pump, Math.max(500, heldUntil - now));
}

async function byHttp(item) {
  item.sent = Date.now();
  item.asking = true;
  try {
    const response = await ask(room.messagesUrl, { method: "POST", fields: fieldsOf(item) });
    stored(item, await response.json());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    refused(item, error.code, error.detail, error.retryAfter);
  } finally {
    delete item.asking;
  }
  pump();
}

function stored(item, { id, position, outside }) {
  if (outside) import("./outsiders.js").then(({ offer }) => offer(id, outside, item.thread)).catch(() => {});
  item.stored = true;
  document.dispatchEvent(new CustomEvent("parley:posted"));
  save();
  // The fragment takes it away; when it does not come (the window ends elsewhere), nothing more is to be seen here.
  if (room.hasNewer && position > room.last && !isLoading()) forget(item);
  else setTimeout(() => forget(item), 6000);
  draw();
}

function refused(item, code, detail, retryAfter = 0) {
  delete item.sent;
  item.waits = Date.now();
  if (code === "slow_mode") document.dispatchEvent(new CustomEvent("parley:held", { detail: retryAfter }));
  if (isFinal(code)) {
    item.failed = detail || say(`failed.${code}`);
    item.spent = code === "conflict";
  } else {
    item.tries = (item.tries ?? 0) + 1;
    const wait = Math.max(retryAfter * 1000, Math.min(1000 * 2 ** item.tries, 15_000));
    heldUntil = Math.max(heldUntil, Date.now() + wait);
    if (!["network", "unavailable"].includes(code) && item.tries > 6) item.failed = detail || say("failed");
  }
  save();
  draw();
  if (item.failed && !boxOf(item)) toastProblem(say("outbox.refused")); // its thread is closed
}

function forget(item) {
  if (!items.includes(item)) return;
  items = items.filter((one) => one !== item);
  save();
  draw();
}

function save() {
  const kept = items
    .filter((one) => !one.stored)
    .map(({ id, text, files, names, thread, also_in_room, created, failed, spent }) => ({ id, text, files, names, thread, also_in_room, created, failed, spent }));
  const all = [...elsewhere(), ...kept];
  remember(name, all.length ? all : null);
}

// What another tab with this room or the offline shell has written.
const elsewhere = () => recall(name, []).filter(({ id }) => !own.has(id));

// Nobody may be there any more who would send it. Where somebody is, the server takes it from whoever comes first.
function adopt() {
  for (const item of elsewhere().filter(({ failed }) => !failed)) {
    own.add(item.id);
    if (!isShown(item)) items.push({ ...item, waits: Date.now() });
  }
}

const isShown = ({ id }) => Boolean(room.timeline.querySelector(`[data-client="${id}"][data-author="${me}"]`));

// -- On the page -----------------------------------------------------------------------------------------------------

// Replies wait in their thread, while that is open.
function boxOf({ thread }) {
  if (!thread) return box;
  const panel = document.getElementById("thread");
  return panel?.dataset.thread === thread ? document.getElementById("thread-outbox") : null;
}

const fieldOf = (item) => document.getElementById(item.thread ? "thread-text" : "composer-text");

function draw() {
  const drawn = document.querySelectorAll("#outbox > .pending, #thread-outbox > .pending");
  const present = new Map([...drawn].map((element) => [element.dataset.client, element]));
  for (const item of items) {
    const element = present.get(item.id) ?? boxOf(item)?.appendChild(element_of(item));
    if (!element) continue;
    present.delete(item.id);
    state(element, item);
  }
  for (const element of present.values()) element.remove();
}

function element_of(item) {
  const element = clone("template-pending");
  const card = person(me);
  element.dataset.client = item.id;
  element.classList.add("lead-in");
  element.querySelector(".gutter").replaceChildren(avatar(card));
  element.querySelector(".message-author").textContent = card?.name ?? "";
  element.querySelector(".prose").textContent = [item.text, ...(item.names ?? [])].filter(Boolean).join("\n");
  element.querySelector("[data-retry]").addEventListener("click", () => retry(item));
  element.querySelector("[data-discard]").addEventListener("click", () => {
    forget(item);
    fieldOf(item)?.focus();
  });
  return element;
}

function state(element, item) {
  element.classList.toggle("failed", Boolean(item.failed));
  element.querySelector(".pending-actions").hidden = !item.failed;
  element.querySelector(".pending-reason").textContent = item.failed ?? "";
  element.querySelector(".pending-state").textContent = item.failed ? "" : say(item.sent || isLive() ? "sending" : "waiting");
}

function retry(item) {
  // A conflict means this id belongs to another text: only a new one can go out. Otherwise it keeps its id: an answer
  // may have been lost on its way, and the message be there.
  if (item.spent) item.id = fresh();
  Object.assign(item, { tries: 0, waits: Date.now(), spent: false });
  delete item.failed;
  delete item.sent;
  save();
  draw();
  pump();
  fieldOf(item)?.focus();
}

// The page is in its reader's language, which the server does not know of a socket.
function inWords({ code, detail, retry_after }) {
  return knows(`failed.${code}`) ? say(`failed.${code}`, retry_after ? { n: Math.ceil(retry_after) } : {}) : detail;
}

const find = (id) => items.find((one) => one.id === id);

socket
  .on("posted", (frame) => {
    const item = find(frame.client_id);
    if (item) stored(item, frame);
  })
  .on("error", (frame) => {
    const item = frame.client_id && find(frame.client_id);
    if (item) refused(item, frame.code, inWords(frame), frame.retry_after);
  })
  .on("close", () => {
    for (const item of items.filter((one) => one.sent && !one.stored)) {
      delete item.sent;
      item.waits = Date.now();
    }
    draw();
    pump();
  });
onMessages((fragments) => {
  for (const message of fragments) {
    const item = message.dataset.author === me && find(message.dataset.client);
    if (item) forget(item);
  }
  if (!fragments.length) items.filter(isShown).forEach(forget); // the window was loaded anew
});
document.addEventListener("parley:live", () => {
  heldUntil = 0;
  adopt();
  draw();
  pump();
});
// What a page before this one stored may be in the timeline already.
for (const item of items) item.waits = Date.now();
items = items.filter((item) => !isShown(item));
save();
draw();
pump();
