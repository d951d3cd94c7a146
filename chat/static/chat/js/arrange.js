// What stands between messages: days, the "New" line; and which messages form a group.
import { clone } from "./page.js";
import { createdAt } from "./decorate.js";
import { keepPlace } from "./scrolling.js";
import { positionOf, room, shown } from "./standing.js";
import { say } from "./strings.js";

const GROUP = 5 * 60; // seconds
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });

/** Put dividers and groups right. One pass over the window; only what differs is touched. */
export function arrange() {
  const present = Map.groupBy(room.timeline.querySelectorAll(":scope > .divider"), (divider) => divider.dataset.key);
  let before = null;
  let day = "";
  let newLine = firstNew();
  for (const message of shown()) {
    const today = createdAt(message).toDateString();
    let divided = false;
    if (today !== day) {
      place(present, `day ${today}`, message, () => dayDivider(createdAt(message)));
      day = today;
      divided = true;
    }
    if (newLine !== null && positionOf(message) > newLine) {
      place(present, "new", message, () => clone("template-new"));
      newLine = null;
      divided = true;
    }
    const follows = !divided && before !== null && isGroup(before, message);
    message.classList.toggle("follows", follows);
    message.classList.toggle("lead-in", !follows && !divided);
    before = message;
  }
  for (const divider of [...present.values()].flat()) divider.remove();
}

/** The "New" line goes where `room.newFrom` says; null takes it away. */
export function placeNewLine(position) {
  if (room.newFrom === position) return;
  room.newFrom = position;
  keepPlace(arrange);
}

function firstNew() {
  if (room.newFrom === null) return null;
  // Where the window begins after the line's place, the line would lie about what is new.
  if (room.hasOlder && room.newFrom < room.first - 1) return null;
  return room.newFrom;
}

function place(present, key, message, draw) {
  const divider = present.get(key)?.shift() ?? draw();
  divider.dataset.key = key;
  divider.dataset.position = message.dataset.position; // so that htmx's sorting holds
  const expected = key === "new" ? message.previousElementSibling : beforeLine(message);
  if (expected !== divider) (key === "new" ? message : lineBefore(message)).before(divider);
}

// A day's divider stands above the "New" line.
function lineBefore(message) {
  const line = message.previousElementSibling;
  return line?.dataset.key === "new" ? line : message;
}

function beforeLine(message) {
  return lineBefore(message).previousElementSibling;
}

function dayDivider(date) {
  const divider = clone("template-day");
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  const sameYear = date.getFullYear() === new Date().getFullYear();
  const name = days === 0 ? say("today") : days === 1 ? say("yesterday") : (sameYear ? dayName : dayOfYear).format(date);
  divider.firstElementChild.textContent = name;
  return divider;
}

function isGroup(before, message) {
  const one = before.dataset;
  const other = message.dataset;
  return one.author === other.author && one.kind !== "system" && other.kind !== "system" && other.created - one.created <= GROUP;
}
