// Who is here now: the dots beside people's names.
import { say } from "./strings.js";

const online = new Set();

export function setOnline(ids) {
  online.clear();
  for (const id of ids) online.add(id);
  draw();
}

export function changeOnline({ online: came, offline: left }) {
  for (const id of came) online.add(id);
  for (const id of left) online.delete(id);
  draw();
}

function draw() {
  for (const dot of document.querySelectorAll("[data-presence]")) {
    const here = online.has(dot.dataset.presence);
    if (here === dot.classList.contains("online")) continue;
    dot.classList.toggle("online", here);
    if (here) {
      dot.setAttribute("role", "img");
      dot.setAttribute("aria-label", say("online"));
      dot.title = say("online");
    } else {
      for (const name of ["role", "aria-label", "title"]) dot.removeAttribute(name);
    }
  }
}

document.addEventListener("htmx:after:swap", draw);
