// The quiet banner: offline, reconnecting, a newer version. Short interruptions are not worth a word.
import { icon, make } from "./page.js";
import { isLive, socket } from "./live.js";
import { room } from "./standing.js";
import { say } from "./strings.js";

const PATIENCE = 2500; // milliseconds before an interruption is shown
const banner = document.getElementById("connection");
let timer = 0;

function interrupted() {
  clearTimeout(timer);
  timer = setTimeout(() => show("reconnecting"), navigator.onLine === false ? 0 : PATIENCE);
}

function show(state) {
  const offline = navigator.onLine === false; // the browser knows before the socket does
  if (room.ended || (isLive() && !offline)) return;
  const text = say(offline ? "offline" : state);
  const parts = [icon("offline"), make("span", "", text)];
  if (!offline) {
    const now = make("button", "link-button", say("reconnect"));
    now.type = "button";
    now.addEventListener("click", () => socket.hurry());
    parts.push(now);
  }
  fill("", parts);
}

function fill(className, parts) {
  banner.className = `connection ${className}`;
  banner.replaceChildren(...parts);
  banner.hidden = false;
}

function clear() {
  clearTimeout(timer);
  if (banner.dataset.stays) return;
  banner.hidden = true;
  banner.replaceChildren();
}

document.addEventListener("parley:live", clear);
document.addEventListener(
  "parley:build",
  () => {
    const reload = make("button", "link-button", say("reload"));
    reload.type = "button";
    reload.addEventListener("click", () => location.reload());
    banner.dataset.stays = "1";
    fill("calm", [icon("info"), make("span", "", say("newer")), reload]);
  },
  { once: true },
);
socket.on("close", ({ code }) => code < 4400 || code > 4404 ? interrupted() : undefined);
addEventListener("offline", () => {
  interrupted();
  show("offline");
});
interrupted(); // until the first `resumed`
