// Every page of the workspace: sidebar, panel, switcher, keys, the person's socket.
import "./confirm.js";
import "./failures.js";
import "./later.js";
import "./panel.js";
import "./personal.js";
import "./search.js";
import "./shortcuts.js";
import "./thread_list.js";
import "./web_app.js";
import { decorateCopies } from "./decorate.js";

// htmx begins a moment after this, which may be after the first paint: a press in between would be lost.
htmx.process(document.body);
decorateCopies();
if (document.getElementById("catch-up")) import("./catch_up.js");

// Few pages and panels have a field for people.
function attachPickers() {
  if (document.querySelector("[data-picker]:not([data-attached])")) import("./picker.js").then((picker) => picker.attachPickers());
}
document.addEventListener("htmx:after:swap", attachPickers);
attachPickers();
