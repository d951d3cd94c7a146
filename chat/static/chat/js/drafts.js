// What is being written, kept on this device at once and with the server soon, in step with the person's other pages.
// The newest typing wins (chat/drafts.py). What has not reached the server is never overwritten here.
import { recall, remember } from "./device.js";
import { ask } from "./page.js";

const SOON = 1200; // after the last key
const AT_LEAST = 5000; // while somebody types on
const page = crypto.randomUUID();
const open = new Map(); // by place: {field, url, room, thread, text, at, typed, show, …}
let turn = 0; // of this page's typings: its requests can overtake each other
let places = null; // by place, when the server's draft was changed; null until the person's socket has said it

const placeOf = (room, thread) => (thread ? `thread.${thread}` : room);

/** Keep what is in `field`, which is for a room or a thread of it. `show()` is called when another page's draft has come
 * into it. Answers {typed, sent}: to be called then. */
export function keepDraft(field, { room, url, thread = "" }, show) {
  const place = placeOf(room, thread);
  for (const [key, one] of open) if (!one.field.isConnected && !one.typed && !one.pushing) open.delete(key); // closed threads
  const known = recall(`draft.${place}`, "");
  // Older pages kept the text alone.
  const kept = typeof known === "string" ? { text: known, at: 0, typed: known ? Date.now() : 0 } : known;
  const draft = { field, room, url, thread, show, place, pushing: false, timer: 0, since: 0, ...kept };
  open.set(place, draft);
  field.addEventListener("compositionstart", () => (draft.composing = true));
  field.addEventListener("compositionend", () => (draft.composing = false));
  if (!field.value) field.value = draft.text;
  else if (field.value !== draft.text) Object.assign(draft, { text: field.value, typed: Date.now() });
  if (places) compare(draft);
  return {
    typed: () => change(draft, field.value, SOON),
    sent: () => change(draft, "", 0),
  };
}

function change(draft, text, wait) {
  const now = Date.now();
  Object.assign(draft, { text, typed: now, turn: ++turn, since: draft.timer ? draft.since : now });
  save(draft);
  clearTimeout(draft.timer);
  draft.timer = setTimeout(push, Math.max(0, Math.min(wait, draft.since + AT_LEAST - now)), draft);
}

function save({ place, text, at, typed }) {
  remember(`draft.${place}`, text || typed ? { text, at, typed } : null);
}

const fieldsOf = ({ text, thread, typed, turn }) => ({ text, thread, page, turn: turn ?? 0, ago: Math.max(0, Date.now() - typed) });

async function push(draft) {
  clearTimeout(draft.timer);
  draft.timer = 0;
  if (draft.pushing || !draft.typed) return;
  const { typed } = draft;
  draft.pushing = true;
  try {
    const stands = await (await ask(draft.url, { method: "POST", fields: fieldsOf(draft) })).json();
    draft.at = stands.changed;
    if (draft.typed === typed) {
      draft.typed = 0;
      if (!stands.taken) adopt(draft, stands.text, stands.changed);
    }
    save(draft);
  } catch (refused) {
    if (refused.retryAfter) draft.timer = setTimeout(push, refused.retryAfter * 1000, draft);
  } finally {
    draft.pushing = false;
  }
  if (draft.typed && draft.typed !== typed && !draft.timer) push(draft);
}

// Another page's draft takes the place of what was not touched here since the server has it.
function adopt(draft, text, changed) {
  if (draft.typed || changed < draft.at || draft.composing) return;
  Object.assign(draft, { text, at: changed });
  save(draft);
  if (draft.field.isConnected && draft.field.value !== text) {
    draft.field.value = text;
    draft.show();
  }
}

// After an absence: this page's draft goes out, or the server's comes in.
async function compare(draft) {
  if (draft.typed) return void push(draft);
  const changed = places.get(draft.place) ?? 0;
  if (!changed) return void (draft.at && draft.text && adopt(draft, "", draft.at));
  if (changed <= draft.at) return;
  const stands = await (await ask(`${draft.url}?thread=${draft.thread}`)).json();
  adopt(draft, stands.text, stands.changed);
}

document.addEventListener("parley:state", ({ detail: { draft_places: listed = [] } }) => {
  places = new Map(listed.map(([room, thread, changed]) => [placeOf(room, thread), changed]));
  for (const draft of open.values()) compare(draft).catch(() => {});
});
document.addEventListener("parley:draft", ({ detail: { room, thread, text, changed, page: from } }) => {
  const place = placeOf(room, thread);
  if (text) places?.set(place, changed);
  else places?.delete(place);
  const draft = open.get(place);
  if (draft && from !== page) adopt(draft, text, changed);
});
addEventListener("pagehide", () => {
  const token = document.querySelector('meta[name="csrf-token"]').content;
  for (const draft of open.values()) {
    if (draft.typed) navigator.sendBeacon(draft.url, new URLSearchParams({ ...fieldsOf(draft), csrfmiddlewaretoken: token }));
  }
});
