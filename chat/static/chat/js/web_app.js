// Parley as an app of the browser's: the service worker, and what its offline shell may know of this person.
import { forgetEverything, remember, remembered } from "./device.js";
import { me } from "./page.js";

const MOST = 100; // rooms that can be written to without a network

// The next person at this device must find neither names nor drafts.
document.addEventListener("submit", (event) => event.target.matches("[data-sign-out]") && forgetEverything());

function note() {
  const links = [...document.querySelectorAll("#sidebar [data-room]")].slice(0, MOST);
  remember(
    "rooms",
    links.map((link) => [link.dataset.room, link.querySelector(".truncate")?.textContent.trim() ?? ""]),
  );
  try {
    localStorage.setItem("parley.person", me);
  } catch {
    // Storage is refused: there is no outbox then either.
  }
}

function register() {
  // Refused in a private window, or over plain HTTP: then there is no shell, and nothing is lost.
  navigator.serviceWorker?.register("/service-worker.js").catch(() => {});
  note();
}

function sendWaiting() {
  if (remembered("outbox.").length) import("./outboxes.js").then(({ sendAll }) => sendAll(), () => {}); // without a network there is a next time
}

addEventListener("online", sendWaiting);
document.addEventListener("parley:live", sendWaiting);
sendWaiting();
if (document.readyState === "complete") register();
else addEventListener("load", register, { once: true });
