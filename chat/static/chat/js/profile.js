// Who somebody is: a click on a name, an avatar or a mention opens their profile, or the group; it has the time where they are.
import { addresses } from "./page.js";
import { openPanel } from "./panel.js";
import { onPeople, person } from "./people.js";

/** Open the profile of "p3", or the group "g3", beside the timeline. */
export function openProfile(id) {
  openPanel(`${addresses.directory}${id}/`);
}

/** The emoji of a status beside a name, or nothing. Its words are its name for a screen reader. */
export function statusMark(card) {
  const mark = document.createElement("span");
  mark.className = "status";
  mark.dataset.status = card?.id ?? "";
  drawStatus(mark, card);
  return mark;
}

function drawStatus(mark, card) {
  const status = card?.status;
  const shown = status && (!status.until || status.until * 1000 > Date.now());
  mark.hidden = !shown;
  mark.textContent = shown ? status.emoji : "";
  if (!shown) return;
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", status.text || status.emoji);
  mark.title = status.text;
}

function drawStatuses(ids) {
  for (const id of ids) {
    for (const mark of document.querySelectorAll(`[data-status="${id}"]`)) drawStatus(mark, person(id));
  }
}

function tellTime() {
  for (const clock of document.querySelectorAll("time[data-zone]")) {
    const format = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit", timeZone: clock.dataset.zone });
    clock.textContent = format.format(new Date());
  }
  for (const moment of document.querySelectorAll("time[data-moment]")) {
    moment.textContent = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment.dateTime));
  }
}

document.addEventListener("click", (event) => {
  const named = event.target.closest(".message-author, .message .gutter .avatar, .mention[data-person], .mention[data-group], [data-profile]");
  if (!named || event.defaultPrevented) return;
  const id = named.dataset.person ?? named.dataset.group ?? named.dataset.profile ?? named.closest(".message")?.dataset.author;
  if (!/^[pg]\d+$/.test(id ?? "")) return;
  event.preventDefault();
  openProfile(id);
});
onPeople(drawStatuses);
document.addEventListener("htmx:after:swap", tellTime);
// Minutes pass, and so do statuses.
setInterval(() => {
  tellTime();
  drawStatuses(new Set([...document.querySelectorAll("[data-status]")].map((mark) => mark.dataset.status)));
}, 30_000);
tellTime();
