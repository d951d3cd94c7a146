// A dialog in which a room is chosen for a message, to forward or to move it. Loaded when it is opened for the first time.
import { ask, make } from "./page.js";
import { say } from "./strings.js";
import { toastNotification } from "./toasts.js";

/** Open the form at `url`, and do what it says; the focus comes back to `message`, or what has replaced it by then. */
export async function chooseDestination(url, message) {
  const { id } = message; // a frame may replace it meanwhile
  const dialog = make("dialog", "dialog destination-dialog");
  dialog.setAttribute("aria-labelledby", "destination-title");
  document.body.append(dialog);
  await htmx.ajax("GET", url, { target: dialog, swap: "innerHTML" });
  const form = dialog.querySelector("[data-destination]");
  if (!form) return dialog.remove(); // what went wrong is said already
  dialog.addEventListener("close", () => {
    dialog.remove();
    document.getElementById(id)?.focus({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  attach(dialog, form);
  dialog.showModal();
  dialog.querySelector("[data-narrow]").focus();
}

function attach(dialog, form) {
  const field = form.querySelector("[data-narrow]");
  const cancel = form.querySelector("[data-cancel]");
  field.hidden = cancel.hidden = false;
  field.addEventListener("input", () => narrow(form, field.value));
  field.addEventListener("keydown", (event) => {
    const first = offered(form)[0];
    if (event.isComposing || !first || !["Enter", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    first.checked = true;
    first.focus();
  });
  cancel.addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(dialog, form);
  });
}

const offered = (form) => [...form.querySelectorAll("[name=room]")].filter((radio) => !radio.closest("label").hidden);

function narrow(form, text) {
  const wanted = text.trim().replace(/^[#@]/, "").toLocaleLowerCase();
  for (const label of form.querySelectorAll(".destination-room")) {
    label.hidden = !label.textContent.toLocaleLowerCase().includes(wanted);
    if (label.hidden) label.querySelector("input").checked = false;
  }
  form.querySelector("[data-none]").hidden = offered(form).length > 0;
}

async function send(dialog, form) {
  const button = form.querySelector("button:not([type])");
  const error = form.querySelector(".field-error");
  error.textContent = "";
  button.disabled = true;
  try {
    const { url } = await (await ask(form.action, { method: "POST", fields: new FormData(form) })).json();
    dialog.close();
    toastNotification({ title: form.dataset.done, text: form.dataset.lead, link: url });
  } catch (refused) {
    error.textContent = refused.detail || say("failed.network");
  } finally {
    button.disabled = false;
  }
}
