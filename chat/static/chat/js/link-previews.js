// The cards of links: their author and administrators can take one away.
import { administrates, ask, icon, make, me } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

/** Draw the button that removes a card, for who may. */
export function drawPreviews(message) {
  if (message.dataset.author !== me && !administrates) return;
  for (const card of message.querySelectorAll(":scope > .link-preview")) {
    const button = make("button", "button quiet icon-only preview-remove", icon("close"));
    button.type = "button";
    button.ariaLabel = button.title = say("preview.remove");
    button.addEventListener("click", () => remove(message, card, button));
    card.append(button);
  }
}

async function remove(message, card, button) {
  const place = message.closest("[data-room]")?.dataset.room;
  button.disabled = true;
  message.focus({ preventScroll: true }); // the button goes with its card
  try {
    await ask(`/rooms/${place}/messages/${message.dataset.id}/previews/${card.dataset.preview}/`, { method: "DELETE" });
    announce(say("preview.removed"));
  } catch (refused) {
    button.disabled = false;
    toastProblem(refused.detail || say("failed.network"));
  }
}
