// What a stored fragment leaves to the page: names, avatars, times, "edited", "mine", "mentions me".
import { cover } from "./blocked.js";
import { drawBlocks } from "./blocks.js";
import { drawEdited } from "./edited.js";
import { drawFiles } from "./files.js";
import { drawLists } from "./lists.js";
import { groups, icon, make, me } from "./page.js";
import { drawPreviews } from "./link-previews.js";
import { avatar, onPeople, person } from "./people.js";
import { drawPin } from "./pins.js";
import { statusMark } from "./profile.js";
import { drawReactions } from "./reactions.js";
import { drawSaved } from "./saved.js";
import { say } from "./strings.js";
import { drawThread } from "./thread_summary.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier}|\u200D\p{Extended_Pictographic})*\s*){1,3}$/u;

export const createdAt = (message) => new Date(Number(message.dataset.created) * 1000);

/** Draw what is missing on a message; doing it twice changes nothing. */
export function decorate(message, { dated = false } = {}) {
  if (message.dataset.drawn) return;
  message.dataset.drawn = dated ? "dated" : "1";
  const { author, deleted, kind, mentions = "" } = message.dataset;
  const system = kind === "system";
  const gutter = make("span", "gutter");
  gutter.append(system ? icon("info") : avatar(person(author)));
  message.prepend(gutter, head(message, dated));
  message.tabIndex = -1;
  message.setAttribute("aria-labelledby", message.id ? `${message.id}-head` : "");
  if (!message.id) message.removeAttribute("aria-labelledby");
  const names = mentions.split(" ");
  message.classList.toggle("mine", author === me);
  message.classList.toggle("from-system", system);
  message.classList.toggle("deleted", deleted !== undefined);
  message.classList.toggle("mentions-me", author !== me && names.some((name) => name === me || name === "room" || name === "here" || groups.has(name)));
  if (deleted !== undefined) drawTombstone(message);
  else drawProse(message.querySelector(".prose"));
  drawFiles(message);
  drawBlocks(message);
  drawLists(message);
  if (message.querySelector(":scope > :is([data-quote], .forward, .moved-mark, .moved-away)")) import("./quotes.js").then(({ drawQuotes }) => drawQuotes(message), () => {}); // the link stays
  drawPreviews(message);
  drawReactions(message);
  drawThread(message);
  drawPin(message);
  drawSaved(message);
  cover(message);
  drawEdited(message, (date) => full.format(date));
}

/** Draw the copies of messages outside the timeline: search results, panels. */
export function decorateCopies(root = document) {
  for (const message of root.querySelectorAll("[data-copies] .message:not([data-drawn])")) decorate(message, { dated: true });
}

function head(message, dated) {
  const created = createdAt(message);
  const box = make("div", "message-head");
  if (message.id) box.id = `${message.id}-head`;
  const name = make("span", "message-author", nameOf(message.dataset.author));
  const status = statusMark(person(message.dataset.author) ?? { id: message.dataset.author });
  name.dir = "auto";
  const time = make("time", "", dated ? `${short.format(created)}, ${clock.format(created)}` : clock.format(created));
  time.dateTime = created.toISOString();
  time.title = full.format(created);
  const link = make("a", "message-time", time);
  const place = message.closest("[data-room]")?.dataset.room ?? "";
  link.href = `/rooms/${place}/?message=${message.dataset.id}`;
  link.tabIndex = -1; // the toolbar copies the link; a thousand stops of Tab help nobody
  box.append(name, status, link);
  return box;
}

// Who deleted a message and when is said where it was not its author.
function drawTombstone(message) {
  const { author, deleted, deleter, kind } = message.dataset;
  if (kind === "moved") {
    message.querySelector(".prose").textContent = say("moved.away", { name: nameOf(deleter ?? author) });
    return;
  }
  const at = new Date(Number(deleted) * 1000);
  const name = nameOf(deleter);
  const time = `${short.format(at)}, ${clock.format(at)}`;
  message.querySelector(".prose").textContent = deleter ? say("deleted.by", { name, time }) : say("deleted");
}

function drawProse(prose) {
  for (const mention of prose.querySelectorAll(".mention")) {
    const { person, group } = mention.dataset;
    mention.classList.toggle("me", person === me || groups.has(group));
  }
  const text = prose.textContent.trim();
  prose.classList.toggle("only-emoji", text.length <= 24 && ONLY_EMOJI.test(text));
}

function nameOf(id) {
  return person(id)?.name ?? "…";
}

/** People whose cards came or changed: their names and avatars on every message. */
onPeople((ids) => {
  for (const id of ids) {
    const card = person(id);
    for (const message of document.querySelectorAll(`.message[data-author="${id}"][data-drawn]`)) {
      message.querySelector(".message-author").textContent = card?.name ?? say("somebody");
      message.querySelector(".gutter .avatar")?.replaceWith(avatar(card));
    }
    document.querySelectorAll(`.message[data-deleter="${id}"][data-drawn]`).forEach(drawTombstone);
  }
});

document.addEventListener("parley:copy", (event) => decorate(event.target, { dated: true }));
document.addEventListener("htmx:after:swap", () => decorateCopies());
