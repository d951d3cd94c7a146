// The room's frames: catching up, the revisions that the page has applied, acknowledging, starting afresh.
import { build, Refused, signIn } from "./page.js";
import { parse } from "./guard.js";
import { end } from "./ending.js";
import { room } from "./standing.js";
import { Socket } from "./socket.js";
import { apply, loadNewest, watch } from "./window.js";

const SILENCE = 52_000; // the server says its head every 20 s; two missed and the line is dead
let resumed = false;
let resuming = 0;
let stale = false; // the window must be loaded again before it may be trusted
let again = false; // … and once more, because what is on its way is from before the last `reset`
const waiting = []; // fragments that arrived while it is

export const socket = new Socket("room-socket", accept, () => room.revision);
export const isLive = () => resumed && socket.opened;

// htmx's turn comes only for fragments that the guard lets through, so `messages` frames go to window.apply, which
// hands htmx what is left of them; every other frame has no content.
function accept(frame) {
  const isMessages = frame.type === "messages";
  if (isMessages) take(parse(frame.content));
  if (isMessages || frame.type === "room" || frame.type === "members") cover(frame);
  if (isMessages) socket.hear(frame);
  return !isMessages;
}

function take(fragments) {
  if (stale) waiting.push(...fragments);
  else apply(fragments);
}

// A frame covers the revisions from `after` to `revision`. Until `resumed` the answer is not complete.
function cover(frame) {
  if (!resumed) return;
  if (frame.after > room.revision) resumeSoon(150);
  else room.revision = Math.max(room.revision, frame.revision);
}

function resume() {
  clearTimeout(resuming);
  resuming = 0;
  resumed = false;
  socket.send("resume", { revision: room.revision, epoch: room.epoch });
}

// With jitter: a room's readers all miss the same frame.
function resumeSoon(least) {
  if (resuming) return;
  const behind = room.revision;
  resuming = setTimeout(() => {
    resuming = 0;
    if (room.revision === behind && socket.opened) resume();
  }, least + Math.random() * 1500);
}

async function startAfresh(attempt = 0) {
  stale = true;
  try {
    do {
      again = false;
      await loadNewest();
    } while (again);
    stale = false;
    apply(waiting.splice(0));
    watch();
  } catch (error) {
    if (error instanceof Refused && error.status === 404) end(4404);
    else setTimeout(() => startAfresh(attempt + 1), Math.min(1000 * 2 ** attempt, 20_000) * (0.5 + Math.random()));
  }
}

socket
  .on("open", resume)
  .on("close", ({ code }) => {
    resumed = false;
    if (code === 4401) signIn();
    else if (code === 4403 || code === 4404) end(code);
  })
  .on("resumed", (frame) => {
    resumed = true;
    room.epoch = frame.epoch;
    room.revision = Math.max(stale ? 0 : room.revision, frame.revision);
    room.messages = frame.messages;
    if (room.isMember) room.read = Math.max(room.read, frame.read);
    if (frame.build !== build) document.dispatchEvent(new CustomEvent("parley:build"));
    document.dispatchEvent(new CustomEvent("parley:live"));
  })
  .on("resync", resume)
  .on("reset", () => {
    room.revision = 0; // a restored room counts from an earlier number: `resumed` says it
    waiting.length = 0;
    if (stale) again = true;
    else startAfresh();
  })
  .on("head", (frame) => {
    room.messages = Math.max(room.messages, frame.messages);
    if (frame.revision > room.revision) resumeSoon(400);
  });

setInterval(() => {
  if (socket.opened && socket.silence > SILENCE) socket.hurry();
}, 5000);
