// Editing a message in its place. A frame may replace the message meanwhile: the form moves to the new one.
import { complete } from "./completion.js";
import { ask, clone, me } from "./page.js";
import { bring } from "./scrolling.js";
import { room, shown } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { addAction, hide } from "./toolbar.js";
import { onMessages } from "./window.js";
import { grow, isSending, mayTell } from "./writing.js";

let open = null; // {id, form, field, before}
let asked = ""; // the message whose text is on its way

/** Edit the person's newest message in the window; false when there is none. */
export function editLastOwn() {
  const own = [...shown()].findLast((message) => mayEdit(message));
  if (!own) return false;
  edit(own);
  return true;
}

const mayEdit = ({ dataset }) =>
  dataset.author === me && dataset.deleted === undefined && dataset.kind !== "system" && room.isMember && !room.archived;

async function edit(message) {
  if (asked === message.id) return;
  close(false);
  hide();
  asked = message.id;
  const address = `${room.messagesUrl}${message.dataset.id}/`;
  let source;
  try {
    source = await (await ask(`${address}source/`)).json();
  } catch (refused) {
    if (asked === message.id) asked = "";
    return toastProblem(refused.detail || say("failed.network"));
  }
  if (asked !== message.id) return; // another one was asked for since
  asked = "";
  const form = clone("template-edit");
  const field = form.querySelector("textarea");
  open = { id: message.id, address, form, field, before: source.text };
  field.value = source.text;
  attach();
  const completing = complete(field, form.querySelector(".completion"), room.key);
  field.addEventListener("input", () => grow(field));
  field.addEventListener("keydown", (event) => {
    if (completing(event)) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (isSending(event)) {
      event.preventDefault();
      save();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.querySelector("[data-cancel]").addEventListener("click", () => close());
  if (source.too_late) {
    field.readOnly = form.querySelector("button").disabled = true;
    form.querySelector(".field-error").textContent = say("edit.late");
  }
  grow(field);
  field.focus({ preventScroll: true });
  field.setSelectionRange(field.value.length, field.value.length);
  if (room.timeline.contains(form) && field.getBoundingClientRect().top < 60) bring(form, 0.4);
  form.scrollIntoView({ block: "nearest" });
}

async function save() {
  const { address, field, form, before } = open;
  const text = field.value.trim();
  const error = form.querySelector(".field-error");
  if (field.readOnly || text === before.trim()) return close();
  if (!text) {
    error.textContent = say("edit.empty");
    return;
  }
  error.textContent = "";
  form.querySelector("button").disabled = true;
  if (text.includes("@") && !(await mayTell(text, before))) {
    form.querySelector("button").disabled = false;
    return field.focus();
  }
  try {
    await ask(address, { method: "POST", fields: { text } });
    announce(say("edit.saved"));
    if (open?.form === form) close();
  } catch (refused) {
    error.textContent = refused.detail || say("failed.network");
    form.querySelector("button").disabled = false;
    field.focus();
  }
}

function close(focus = true) {
  if (!open) return;
  const { id, form } = open;
  const message = document.getElementById(id);
  const next = document.getElementById(message?.closest("#thread") ? "thread-text" : "composer-text") ?? message;
  open = null;
  form.remove();
  message?.classList.remove("editing");
  if (focus) next?.focus({ preventScroll: true });
}

/** After fragments were replaced: the form stands on the message as it is now. */
export function keepEditing() {
  if (open) attach();
}

function attach() {
  const message = document.getElementById(open.id);
  if (!message || message.contains(open.form)) return; // out of the window for now: what was written waits
  if (message.dataset.deleted !== undefined) {
    announce(say("edit.gone"));
    return close();
  }
  const { field } = open;
  const held = open.form.isConnected ? document.activeElement === field : open.focused;
  const [start, end] = [field.selectionStart, field.selectionEnd];
  message.append(open.form);
  message.classList.add("editing");
  if (held) {
    field.focus({ preventScroll: true });
    field.setSelectionRange(start, end);
  }
}

document.addEventListener("focusin", () => open && (open.focused = open.form.contains(document.activeElement)));
onMessages(keepEditing);
addAction("edit", { may: mayEdit, keys: ["e", "Enter"], run: edit });
