// What the page adds to the way into a thread: faces, words, when; and to a reply that stands in the room as well.
import { make } from "./page.js";
import { avatar, onPeople, person } from "./people.js";
import { say } from "./strings.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** Draw the summary below a root, and the way from a reply in the timeline to its thread. */
export function drawThread(message) {
  const summary = summaryOf(message);
  if (summary) fill(message, summary);
  const { thread, position } = message.dataset;
  if (!thread || position === undefined || message.closest("#thread-list")) return;
  const origin = make("a", "thread-origin", say("thread.origin"));
  origin.href = address(message, thread);
  message.querySelector(".prose").before(origin);
}

const summaryOf = (message) => message.querySelector(":scope > .thread-summary");

function fill(message, summary) {
  summary.dataset.count ??= summary.textContent;
  const { count, last, people } = summary.dataset;
  const at = new Date(Number(last) * 1000);
  const time = (at.toDateString() === new Date().toDateString() ? clock : day).format(at);
  const faces = make("span", "thread-faces", ...people.split(" ").map((id) => avatar(person(id), "avatar tiny")));
  summary.href = address(message, message.dataset.id);
  summary.replaceChildren(faces, make("span", "thread-count", say("thread.count", { n: count })), make("span", "thread-last", say("thread.last", { time })));
}

function address(message, thread) {
  return `/rooms/${message.closest("[data-room]")?.dataset.room ?? ""}/?thread=${thread}`;
}

onPeople((ids) => {
  for (const message of document.querySelectorAll(".message:has(> .thread-summary[data-count])")) {
    const summary = summaryOf(message);
    if (summary.dataset.people.split(" ").some((id) => ids.includes(id))) fill(message, summary);
  }
});
