// The field of a thread: its draft is kept, its files go up, its text goes through the room's outbox.
import { complete } from "./completion.js";
import { keepDraft } from "./drafts.js";
import { post } from "./outbox.js";
import { waits } from "./pace.js";
import { toNewestReply } from "./replies.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { stopTyping, type } from "./typing.js";
import { uploadsOf } from "./uploads.js";
import { grow, isCommand, isSending, literally, mayTell } from "./writing.js";

const MOST = 10_000; // characters, as the server counts them
let paced = () => {}; // of the form that was attached last

/** Attach to the form of a thread's panel, if this person may reply. */
export function startReplying(element) {
  const form = element.querySelector("#thread-composer");
  if (!form) return;
  const field = form.querySelector("textarea");
  const also = form.querySelector("#thread-also");
  const { thread } = element.dataset;
  const reply = () => ({ thread, also_in_room: also.checked ? "1" : "" }); // whatever it is that is posted
  const uploads = uploadsOf(thread);
  const draft = keepDraft(field, { room: room.key, url: room.draftUrl, thread }, changed);
  const completing = complete(field, form.querySelector(".completion"), room.key, { commands: true });

  function changed() {
    grow(field);
    form.querySelector("#thread-send").disabled = !(field.value.trim() || uploads.any) || uploads.busy || waits() > 0 || [...field.value].length > MOST;
  }

  async function command(line) {
    const { runCommand } = await import("./commands.js");
    if ((await runCommand(line, reply())) && field.value === line) clear();
    field.focus();
  }

  async function send() {
    const text = literally(field.value);
    if (!(text || uploads.any) || [...text].length > MOST) return;
    if (isCommand(field.value) && !uploads.any) return command(field.value);
    if (uploads.busy) return announce(uploads.whyNot);
    if (waits()) return announce(say("slow", { n: waits() }));
    if (text.includes("@") && (!(await mayTell(text)) || literally(field.value) !== text)) return field.focus();
    if (uploads.busy) return announce(uploads.whyNot); // dropped meanwhile
    post(text, uploads.take(), reply());
    toNewestReply();
    clear();
    field.focus();
  }

  function clear() {
    field.value = "";
    also.checked = false;
    draft.sent();
    changed();
    stopTyping(thread);
  }

  async function schedule(button) {
    if (uploads.any) return toastProblem(say("later.files"));
    const { sendLater } = await import("./sending_later.js");
    const asked = new URLSearchParams(reply());
    sendLater(`${room.url}scheduled/?${asked}`, field, button, clear);
  }

  uploads.attach(form, element, changed);
  form.querySelector("#thread-more").addEventListener("click", async ({ currentTarget: button }) => (await import("./composer_menu.js")).openComposerMenu(button, reply()));
  form.querySelector("#thread-later").addEventListener("click", (event) => schedule(event.currentTarget));
  field.addEventListener("input", () => {
    changed();
    draft.typed();
    if (field.value.trim()) type(thread);
    else stopTyping(thread);
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
  paced = changed;
  changed();
}

document.addEventListener("parley:pace", () => paced());
