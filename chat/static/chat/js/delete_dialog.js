// The question before a message is deleted. Loaded with the first one.
import { ask } from "./page.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";

const dialog = document.getElementById("delete-dialog");

/** Ask whether to delete `message`, and do it. */
export function askFirst(message) {
  dialog.dataset.message = message.id;
  dialog.querySelector(".delete-preview").replaceChildren(...message.querySelector(".prose").cloneNode(true).childNodes);
  dialog.querySelector(".field-error").textContent = "";
  dialog.showModal();
}

async function remove() {
  const id = dialog.dataset.message.split("-").pop(); // the message may be out of the window by now
  const button = dialog.querySelector("[data-confirm]");
  button.disabled = true;
  try {
    await ask(`${room.messagesUrl}${id}/`, { method: "DELETE" });
    announce(say("delete.done"));
    dialog.close();
  } catch (refused) {
    dialog.querySelector(".field-error").textContent = refused.detail || say("failed.network");
  } finally {
    button.disabled = false;
  }
}

dialog.querySelector("[data-confirm]").addEventListener("click", remove);
dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => document.getElementById(dialog.dataset.message)?.focus({ preventScroll: true }));
