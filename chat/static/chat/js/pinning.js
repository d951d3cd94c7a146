// Pinning in the open room: the toolbar's button, the header's count, and the panel that follows both.
import { socket } from "./live.js";
import { ask } from "./page.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";
import { addAction } from "./toolbar.js";

const link = document.getElementById("pins-link");
const isPinned = ({ dataset }) => dataset.pinned !== undefined;

addAction("pin", {
  keys: ["p"],
  may: () => room.mayPin,
  draw: (item, message) => (item.querySelector("[data-label]").textContent = say(isPinned(message) ? "unpin" : "pin")),
  async run(message) {
    const was = isPinned(message);
    try {
      await ask(`${room.messagesUrl}${message.dataset.id}/pin/`, { method: was ? "DELETE" : "POST" });
      announce(say(was ? "unpinned.done" : "pinned.done"));
    } catch (refused) {
      toastProblem(refused.detail || say("failed.network"));
    }
  },
});

socket.on("room", ({ pins }) => {
  link.querySelector("[data-pins-count]").textContent = pins;
  link.hidden = !pins && document.activeElement !== link;
  document.dispatchEvent(new CustomEvent("parley:pins"));
});
