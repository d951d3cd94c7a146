// The open room. Loaded before the first paint, so that messages are drawn complete and nothing shifts.
import "./connection.js";
import "./outbox.js";
import { arrange } from "./arrange.js";
import { startComposer } from "./composer.js";
import { parse } from "./guard.js";
import { socket } from "./live.js";
import "./pinning.js";
import { markRead, openTimeline } from "./reading.js";
import { room } from "./standing.js";
import { say } from "./strings.js";
import "./thread.js";
import { keepTabStop } from "./toolbar.js";
import { wrote } from "./typing.js";
import { onMessages, settle, watch } from "./window.js";

room.timeline.replaceChildren(...parse(room.timeline.innerHTML));
settle();
openTimeline();
keepTabStop();
startComposer();
watch();
onMessages((fragments) => fragments.forEach((message) => wrote(message.dataset.author)));

document.addEventListener("parley:escape", markRead);

socket
  .on("room", (frame) => {
    if (frame.archived !== room.archived) return location.reload(); // the composer comes or goes
    if (frame.kind === "direct") return;
    for (const name of document.querySelectorAll("[data-room-name]")) name.textContent = frame.name;
    for (const topic of document.querySelectorAll("[data-room-topic]")) topic.textContent = frame.topic;
    document.dispatchEvent(new CustomEvent("parley:title", { detail: say("title", { room: frame.name }) }));
  })
  .on("members", (frame) => {
    for (const count of document.querySelectorAll("[data-members-count]")) count.textContent = frame.count;
  });

// "Today" is another day after midnight.
setTimeout(
  () => {
    for (const divider of room.timeline.querySelectorAll(":scope > .divider.day")) divider.remove();
    arrange();
  },
  new Date().setHours(24, 0, 5, 0) - Date.now(),
);
