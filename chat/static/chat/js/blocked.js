// People whom this person has blocked: in direct messages their words are covered until one asks for them.
import { make } from "./page.js";
import { say } from "./strings.js";

const blocked = new Set(document.getElementById("columns").dataset.blocked.split(","));
const direct = document.getElementById("room")?.dataset.kind === "direct";
let leaving = false; // "Unblock" leads back to this page by itself: drawing it anew meanwhile would break that off
document.addEventListener("submit", ({ target }) => (leaving ||= target.matches(".composer-instead")));

/** Cover a message of somebody who is blocked, in a direct message. */
export function cover(message) {
  if (!blocked.has(message.dataset.author) || message.dataset.deleted !== undefined) return;
  if (!direct && !message.closest("[data-kind=direct]")) return;
  const button = make("button", "button small quiet cover", say("blocked.show"));
  button.type = "button";
  button.addEventListener("click", () => {
    message.classList.remove("covered");
    button.remove();
    message.focus({ preventScroll: true });
  });
  message.classList.add("covered");
  message.querySelector(".message-head").after(button);
}

/** Whether this person has blocked them. */
export const isBlocked = (id) => blocked.has(id);

/** Whether what they are just doing is not shown: in direct messages. */
export const isHidden = (id) => direct && blocked.has(id);

/** Whom this person has blocked has changed: an open direct message is drawn anew. */
export function hearBlocked(ids) {
  if (direct && !leaving && ids !== [...blocked].join(",")) location.reload();
  blocked.clear();
  for (const id of ids.split(",")) blocked.add(id);
}
