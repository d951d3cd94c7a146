// The field of a thread: its draft is kept, its text goes through the room's outbox.
import { complete } from "./completion.js";
import { recall, remember } from "./device.js";
import { post } from "./outbox.js";
import { room } from "./standing.js";
import { grow, isSending } from "./writing.js";

const MOST = 10_000; // characters, as the server counts them

/** Attach to the form of a thread's panel, if this person may reply. */
export function startReplying(element) {
  const form = element.querySelector("#thread-composer");
  if (!form) return;
  const field = form.querySelector("textarea");
  const also = form.querySelector("#thread-also");
  const { thread } = element.dataset;
  const draft = `draft.thread.${thread}`;
  const completing = complete(field, form.querySelector(".completion"), room.key);

  function changed() {
    grow(field);
    form.querySelector("#thread-send").disabled = !field.value.trim() || [...field.value].length > MOST;
  }

  function send() {
    const text = field.value.trim();
    if (!text || [...text].length > MOST) return;
    post(text, {}, { thread, also_in_room: also.checked ? "1" : "" });
    field.value = "";
    also.checked = false;
    remember(draft, null);
    changed();
    field.focus();
  }

  field.value = recall(draft, "");
  field.addEventListener("input", () => {
    changed();
    remember(draft, field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (completing(event)) return;
    if (isSending(event)) {
      event.preventDefault();
      send();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  changed();
}
