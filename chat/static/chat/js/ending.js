// Access to the room ended: say so calmly, and take what was here off the page.
import { make, icon } from "./page.js";
import { room } from "./standing.js";
import { say } from "./strings.js";

/** Replace the room by a notice. `code` is the socket's close code: 4403 access lost, 4404 no such room. */
export function end(code) {
  if (room.ended) return;
  room.ended = true;
  const heading = make("h2", "", say(code === 4403 ? "ended.title" : "gone.title"));
  heading.tabIndex = -1;
  const link = make("a", "button primary", say("ended.go"));
  link.href = "/";
  const notice = make("div", "ended", icon("lock"), heading, make("p", "muted", say(code === 4403 ? "ended.text" : "gone.text")), link);
  notice.setAttribute("role", "alert");
  room.element.replaceChildren(notice);
  document.getElementById("panel").replaceChildren();
  heading.focus();
}
