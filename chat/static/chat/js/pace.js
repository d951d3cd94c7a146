// Who may write here and how often: rooms for announcements, and slow ones, as their administrators change them.
import { socket } from "./live.js";
import { refreshPanel } from "./panel.js";
import { announce, say } from "./strings.js";

const form = document.getElementById("composer");
const closed = document.getElementById("composer-closed");
const governs = Boolean(form?.dataset.governs);
let slow = Number(form?.dataset.slow);
let rules = form?.dataset.rules;
let until = 0;
let timer = 0;

/** Seconds until this person may write again. */
export const waits = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));

function hold(seconds) {
  if (!form || governs || !seconds) return;
  until = Date.now() + seconds * 1000;
  announce(say("slow", { n: waits() }));
  tick();
}

function tick() {
  clearTimeout(timer);
  const left = waits();
  for (const line of document.querySelectorAll("[data-wait]")) line.textContent = left ? say("slow", { n: left }) : "";
  document.dispatchEvent(new CustomEvent("parley:pace"));
  if (left) timer = setTimeout(tick, 1000);
}

document.addEventListener("parley:posted", () => hold(slow));
document.addEventListener("parley:held", ({ detail }) => hold(detail));

socket.on("room", (frame) => {
  const was = rules;
  slow = frame.slow;
  rules = `${frame.announcements} ${frame.replies}`;
  if (!form) return;
  if (!slow) until = 0;
  tick();
  if (governs || rules === was) return;
  form.hidden = frame.announcements;
  closed.hidden = !frame.announcements;
  const thread = document.getElementById("thread");
  if (thread) refreshPanel(thread.dataset.url);
});

if (form) hold(Number(form.dataset.waits));
