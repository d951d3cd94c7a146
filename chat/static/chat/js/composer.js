// The field in which a message is written: it grows, keeps its draft, and hands the text to the outbox.
import { complete } from "./completion.js";
import { recall, remember } from "./device.js";
import { editLastOwn } from "./editing.js";
import { used } from "./emoji.js";
import { post } from "./outbox.js";
import { toNewest } from "./reading.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { stopTyping, type } from "./typing.js";
import { hasUploads, startUploads, takeUploads, uploading, whyNot } from "./uploads.js";
import { grow, isSending } from "./writing.js";

const MOST = 10_000; // characters, as the server counts them
const NEAR = 500;
const form = document.getElementById("composer");
const field = document.getElementById("composer-text");
const draft = `draft.${room.key}`;

function changed() {
  grow(field);
  const length = [...field.value].length;
  const count = form.querySelector("[data-count]");
  count.textContent = length > MOST - NEAR ? (length > MOST ? say("over", { n: length - MOST }) : say("left", { n: MOST - length })) : "";
  count.classList.toggle("over", length > MOST);
  document.getElementById("composer-send").disabled = !(field.value.trim() || hasUploads()) || uploading() || length > MOST;
}

async function send() {
  const text = field.value.trim();
  if (!(text || hasUploads()) || [...text].length > MOST) return;
  if (uploading()) return announce(whyNot());
  const files = takeUploads();
  field.value = "";
  remember(draft, null);
  changed();
  stopTyping();
  if (room.hasNewer) await toNewest();
  else toNewest();
  post(text, files);
}

async function insertEmoji(button) {
  const { pickEmoji } = await import("./emoji_picker.js");
  const emoji = await pickEmoji(button);
  field.focus();
  if (!emoji) return;
  used(emoji);
  field.setRangeText(emoji, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Attach to the form, if this person may write here. */
export function startComposer() {
  if (!form) return;
  const completing = complete(field, document.getElementById("composer-completion"), room.key);
  field.value ||= recall(draft, "");
  startUploads(changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
    field.focus();
  });
  field.addEventListener("input", () => {
    changed();
    remember(draft, field.value);
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
  document.getElementById("composer-emoji").addEventListener("click", (event) => insertEmoji(event.currentTarget));
  changed();
  if (matchMedia("(hover: hover)").matches && !room.highlight) field.focus({ preventScroll: true });
}
