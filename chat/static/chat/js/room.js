// The open room. Loaded before the first paint, so that messages are drawn complete and nothing shifts.
import "./connection.js";
import "./outbox.js";
import { arrange } from "./arrange.js";
import { startComposer } from "./composer.js";
import "./deleting.js";
import { parse } from "./guard.js";
import { socket } from "./live.js";
import { keepTabStop } from "./message_keys.js";
import "./message_link.js";
import { me } from "./page.js";
import "./pinning.js";
import "./reacting.js";
import { markRead, openTimeline } from "./reading.js";
import "./saving.js";
import { room } from "./standing.js";
import { say } from "./strings.js";
import "./thread.js";
import { addAction } from "./toolbar.js";
import { wrote } from "./typing.js";
import "./versions.js";
import { forgetBefore, onMessages, settle, watch } from "./window.js";

room.timeline.replaceChildren(...parse(room.timeline.innerHTML));
settle();
openTimeline();
keepTabStop();
startComposer();
watch();
onMessages((fragments) => fragments.forEach((message) => wrote(message.dataset.author, message.dataset.thread)));

document.addEventListener("parley:escape", markRead);
if (document.getElementById("seen")) import("./seen.js").catch(() => {});
document.addEventListener("parley:receipts", async ({ detail: shown }) => {
  if (shown !== Boolean(document.getElementById("seen"))) (await import("./seen.js")).show(shown);
});
addAction("readers", {
  may: ({ dataset }) => dataset.author === me && dataset.position !== undefined && Boolean(document.getElementById("seen")),
  run: async (message) => (await import("./seen.js")).openReaders(message),
});

socket
  .on("room", (frame) => {
    // The composer comes or goes; who is left in a private room reads it as one.
    if (frame.archived !== room.archived || frame.kind !== room.kind) return location.reload();
    forgetBefore(frame.first);
    if (frame.kind === "direct") return;
    for (const name of document.querySelectorAll("[data-room-name]")) name.textContent = frame.name;
    for (const topic of document.querySelectorAll("[data-room-topic]")) topic.textContent = frame.topic;
    document.dispatchEvent(new CustomEvent("parley:title", { detail: say("title", { room: frame.name }) }));
  })
  .on("members", (frame) => {
    for (const count of document.querySelectorAll("[data-members-count]")) count.textContent = frame.count;
  });

// "Today" is another day after midnight, every night. A timer sleeps with its device: whoever wakes it looks again.
let today = new Date().toDateString();

function nextDay() {
  if (today !== (today = new Date().toDateString())) {
    for (const divider of room.timeline.querySelectorAll(":scope > .divider.day")) divider.remove();
    arrange();
  }
  clearTimeout(midnight);
  midnight = setTimeout(nextDay, new Date().setHours(24, 0, 5, 0) - Date.now());
}

let midnight = 0;
nextDay();
document.addEventListener("visibilitychange", () => document.hidden || nextDay());
