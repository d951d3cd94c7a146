// What waits for rooms that are not open: written in the offline shell, or in a room that was left before it went out.
// Each goes out under its client_id, which the server accepts once only, so it does not matter who else is sending.
// Loaded when something waits.
import { recall, remember, remembered } from "./device.js";
import { fieldsOf, isFinal } from "./outbox_items.js";
import { ask, Refused } from "./page.js";
import { say } from "./strings.js";
import { toastDone, toastProblem } from "./toasts.js";

const open = document.getElementById("room")?.dataset.room;
let sending = false;

/** Send what waits for other rooms than the open one. */
export async function sendAll() {
  if (sending || navigator.onLine === false) return;
  sending = true;
  let sent = 0;
  try {
    for (const name of remembered("outbox.")) if (name !== `outbox.${open}`) sent += await send(name);
  } finally {
    sending = false;
    if (sent) toastDone(say("outbox.sent", { n: sent }));
  }
}

// One after the other, because their order is theirs; stops where it would overtake one that could not go out.
async function send(name) {
  let sent = 0;
  for (;;) {
    const item = recall(name, []).find((one) => !one.failed);
    if (!item) return sent;
    try {
      await ask(`/rooms/${name.slice("outbox.".length)}/messages/`, { method: "POST", fields: fieldsOf(item) });
      change(name, item.id, () => null);
      sent += 1;
    } catch (refused) {
      if (!(refused instanceof Refused)) throw refused;
      if (!isFinal(refused.code)) return sent;
      change(name, item.id, (one) => ({ ...one, failed: refused.detail || say("failed") }));
      toastProblem(say("outbox.refused"));
    }
  }
}

function change(name, id, draw) {
  const left = recall(name, [])
    .map((one) => (one.id === id ? draw(one) : one))
    .filter(Boolean);
  remember(name, left.length ? left : null);
}
