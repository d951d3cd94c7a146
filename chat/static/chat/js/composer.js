// The field in which a message is written: it grows, keeps its draft, and hands the text to the outbox.
import { complete } from "./completion.js";
import { keepDraft } from "./drafts.js";
import { editLastOwn } from "./editing.js";
import { used, written } from "./emoji.js";
import { post } from "./outbox.js";
import { waits } from "./pace.js";
import { toNewest } from "./reading.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { stopTyping, type } from "./typing.js";
import { uploadsOf } from "./uploads.js";
import { grow, isCommand, isSending, literally, mayTell } from "./writing.js";

const MOST = 10_000; // characters, as the server counts them
const NEAR = 500;
const form = document.getElementById("composer");
const field = document.getElementById("composer-text");
const uploads = uploadsOf();
let draft = null;

function changed() {
  grow(field);
  const length = [...field.value].length;
  const count = form.querySelector("[data-count]");
  count.textContent = length > MOST - NEAR ? (length > MOST ? say("over", { n: length - MOST }) : say("left", { n: MOST - length })) : "";
  count.classList.toggle("over", length > MOST);
  document.getElementById("composer-send").disabled = !(field.value.trim() || uploads.any) || uploads.busy || length > MOST || waits() > 0;
}

async function send() {
  const text = literally(field.value);
  if (!(text || uploads.any) || [...text].length > MOST) return;
  if (isCommand(field.value) && !uploads.any) return command(field.value);
  if (uploads.busy) return announce(uploads.whyNot);
  if (waits()) return announce(say("slow", { n: waits() }));
  const before = field.value;
  if (text.includes("@")) {
    const may = await mayTell(text);
    field.focus();
    if (!may || !field.value.startsWith(before)) return;
    if (uploads.busy) return announce(uploads.whyNot); // dropped meanwhile
  }
  const files = uploads.take();
  field.value = field.value.slice(before.length); // what was typed since is the next message
  draft.sent();
  if (field.value) draft.typed();
  changed();
  stopTyping();
  post(text, files); // before anything is waited for: from here on it is kept
  toNewest();
}

async function command(line) {
  const { runCommand } = await import("./commands.js");
  if (!(await runCommand(line)) || field.value !== line) return;
  field.value = "";
  draft.sent();
  changed();
}

async function schedule(button) {
  if (uploads.any) return toastProblem(say("later.files"));
  const { sendLater } = await import("./sending_later.js");
  sendLater(`${room.url}scheduled/`, field, button, () => {
    field.value = "";
    draft.sent();
    changed();
    stopTyping();
  });
}

async function insertEmoji(button) {
  const { pickEmoji } = await import("./emoji_picker.js");
  const emoji = await pickEmoji(button);
  field.focus();
  if (!emoji) return;
  used(emoji);
  field.setRangeText(await written(emoji), field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Attach to the form, if this person may write here. */
export function startComposer() {
  if (!form) return;
  const completing = complete(field, document.getElementById("composer-completion"), room.key, { commands: true });
  draft = keepDraft(field, { room: room.key, url: room.draftUrl }, changed);
  uploads.attach(form, room.element, changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  });
  field.addEventListener("input", () => {
    changed();
    draft.typed();
    if (field.value.trim()) type();
    else stopTyping();
  });
  field.addEventListener("keydown", (event) => {
    if (completing(event)) return;
    if (isSending(event)) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && !field.value && !event.altKey && !event.shiftKey && editLastOwn()) {
      event.preventDefault();
    }
  });
  document.getElementById("composer-more").addEventListener("click", async ({ currentTarget: button }) => (await import("./composer_menu.js")).openComposerMenu(button));
  document.getElementById("composer-later").addEventListener("click", (event) => schedule(event.currentTarget));
  document.getElementById("composer-emoji").addEventListener("click", (event) => insertEmoji(event.currentTarget));
  document.addEventListener("parley:pace", changed);
  changed();
  if (matchMedia("(hover: hover)").matches && !room.highlight) field.focus({ preventScroll: true });
}
