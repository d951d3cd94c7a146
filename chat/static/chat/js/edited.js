// "edited" on a message leads to what it said before, for whom the organisation shows that.
import { administrates, editHistory, make, me } from "./page.js";
import { openPanel } from "./panel.js";
import { say } from "./strings.js";

const mayLook = (author) => editHistory === "everybody" || (editHistory === "administrators" && (administrates || author === me));

/** Draw the mark; `when` says how the time of the last edit is written. */
export function drawEdited(message, when) {
  const { author, deleted, edited, id } = message.dataset;
  if (!edited || deleted !== undefined) return;
  const place = message.closest("[data-room]")?.dataset.room;
  const mark = make(place && mayLook(author) ? "a" : "span", "edited", say("edited"));
  if (mark.matches("a")) mark.href = `/rooms/${place}/messages/${id}/versions/`;
  mark.title = when(new Date(Number(edited) * 1000));
  message.querySelector(".prose").after(mark);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.edited");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  openPanel(link.getAttribute("href"), link.closest(".message"));
});
