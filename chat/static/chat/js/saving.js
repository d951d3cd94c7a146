// Coming back to a message of the open room: saving it for later, being reminded of it.
import { openDialog } from "./later.js";
import { ask } from "./page.js";
import { isSaved } from "./saved.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { addAction } from "./toolbar.js";

const may = ({ dataset }) => dataset.deleted === undefined && dataset.kind !== "system";

addAction("save", {
  keys: ["s"],
  may,
  draw: (button, message) => {
    button.querySelector("[data-label]").textContent = say(isSaved(message) ? "saved.remove" : "saved.add");
  },
  async run(message) {
    const was = isSaved(message);
    try {
      await ask(`${room.messagesUrl}${message.dataset.id}/saved/`, { method: was ? "DELETE" : "POST" });
      announce(say(was ? "saved.removed" : "saved.done"));
    } catch (refused) {
      toastProblem(refused.detail || say("failed.network"));
    }
  },
});

addAction("remind", {
  keys: ["m"],
  may,
  run: (message) => openDialog(`${room.messagesUrl}${message.dataset.id}/reminder/`, message),
});
