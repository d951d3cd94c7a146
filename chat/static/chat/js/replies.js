// The replies in the panel of the open thread, loaded with the first one: they come with the room's frames, under the same rule of revisions.
import { decorate } from "./decorate.js";
import { keepEditing } from "./editing.js";
import { holdFocus } from "./focus.js";
import { parse } from "./guard.js";
import { keepTabStop } from "./message_keys.js";
import { ask, clone, me } from "./page.js";
import { revisionOf } from "./standing.js";

const NEAR = 48; // pixels from the end that still count as the end
let open = null; // {element, list, scroller, key, newFrom, recent}
let newLine = null;

/** The thread that is open, or null. */
export const opened = () => (open?.element.isConnected ? open : null);
export const place = (message) => Number(message.dataset.reply);
export const shownReplies = () => [...open.list.querySelectorAll(":scope > .message")];
export const isAtEnd = () => !hasBeyond("newer") && open.scroller.scrollHeight - open.scroller.scrollTop - open.scroller.clientHeight < NEAR;
const beyond = (side) => open.element.querySelector(`#thread-${side}`);
const hasBeyond = (side) => !beyond(side).hidden;

/** Take over a panel as the server drew it; `recent` are the replies that came lately, by id: it may be from before them. */
export function takeOver(element, recent) {
  const list = element.querySelector("#thread-list");
  open = { element, list, scroller: element.querySelector("#thread-scroller"), key: element.dataset.thread, newFrom: null, recent };
  fill(list.innerHTML);
  const [later, newest] = beyond("newer").children;
  beyond("earlier").firstElementChild.addEventListener("click", () => more("earlier"));
  later.addEventListener("click", () => more("newer"));
  newest.addEventListener("click", () => toNewestReply().then(() => element.querySelector("#thread-text")?.focus()));
}

/** Take what came over the socket; answers whether a thread is open for it. */
export function take(replies) {
  if (!opened() || !replies.length) return false;
  apply(replies);
  return true;
}

/** The "New" line goes before the first reply after this place; null takes it away. */
export function placeNewReplies(position) {
  open.newFrom = position;
  drawLine();
}

// The replies as they were fetched, and what came meanwhile.
function fill(html) {
  open.list.replaceChildren();
  put(parse(html), true);
  put(open.recent.values());
  settle();
}

function apply(fragments) {
  const pinned = isAtEnd();
  const mine = put(fragments);
  settle();
  if (pinned || mine) open.scroller.scrollTop = open.scroller.scrollHeight;
}

// Of what was not `fetched` only what stands between the first and the last reply, or follows them. Answers whether
// some of it is new and the reader's own.
function put(fragments, fetched = false) {
  let mine = false;
  for (const fragment of fragments) {
    if (fragment.dataset.thread !== open.key) continue;
    const present = document.getElementById(`thread-${fragment.dataset.id}`);
    if (present && revisionOf(present) >= revisionOf(fragment)) continue;
    if (!present && !fetched && isBeyond(place(fragment))) continue;
    const refocus = holdFocus(present);
    const message = fragment.cloneNode(true);
    message.id = `thread-${message.dataset.id}`;
    if (present) replace(present, message);
    else insert(message);
    decorate(message);
    refocus(message);
    mine ||= !present && message.dataset.author === me;
  }
  return mine;
}

function settle() {
  drawLine();
  keepEditing();
  keepTabStop();
}

function isBeyond(position) {
  const replies = shownReplies();
  if (!replies.length) return false;
  return (position < place(replies[0]) && hasBeyond("earlier")) || (position > place(replies.at(-1)) && hasBeyond("newer"));
}

function replace(present, message) {
  present.replaceWith(message);
  message.tabIndex = present.tabIndex;
}

function insert(message) {
  const after = shownReplies().findLast((one) => place(one) < place(message));
  if (after) after.after(message);
  else open.list.prepend(message);
  message.classList.add("lead-in");
}

function drawLine() {
  const { list, newFrom } = open;
  const replies = shownReplies();
  const first = newFrom === null ? null : replies.find((one) => place(one) > newFrom);
  // Where the first one shown comes later, the line would lie about what is new.
  const known = first && !(hasBeyond("earlier") && newFrom < place(replies[0]) - 1);
  if (!known) return newLine?.remove();
  newLine ??= clone("template-new");
  if (first.previousElementSibling !== newLine || newLine.parentElement !== list) first.before(newLine);
}

// One side of what is loaded: what comes belongs before the first, or after the last.
async function more(side) {
  const thread = open;
  const { scroller } = thread;
  const [first, last] = [shownReplies()[0], shownReplies().at(-1)].map((one) => (one ? place(one) : 1));
  const { html, hasMore } = await fetchReplies(side === "earlier" ? `?before=${first}` : `?after=${last}`, side);
  if (open !== thread) return;
  const from = scroller.scrollHeight - scroller.scrollTop;
  const top = scroller.scrollTop;
  const focused = beyond(side).contains(document.activeElement);
  put(parse(html), true);
  beyond(side).hidden = !hasMore;
  put(open.recent.values());
  settle();
  scroller.scrollTop = side === "earlier" ? scroller.scrollHeight - from : top;
  if (focused && !hasMore) shownReplies().at(side === "earlier" ? 0 : -1)?.focus({ preventScroll: true });
}

async function fetchReplies(query, side) {
  const response = await ask(`${open.element.dataset.url}${query}`, { accept: "text/html" });
  return { html: await response.text(), hasMore: response.headers.get(side === "earlier" ? "X-Has-Older" : "X-Has-Newer") === "1" };
}

/** Fetch the newest replies again. */
export async function refresh() {
  const thread = open;
  thread.recent.clear();
  const { html, hasMore } = await fetchReplies(`?before=${Number.MAX_SAFE_INTEGER}`, "earlier");
  if (open !== thread) return;
  beyond("earlier").hidden = !hasMore;
  beyond("newer").hidden = true;
  fill(html);
}

/** To the newest reply, fetched if what is loaded ends before it. */
export async function toNewestReply() {
  if (hasBeyond("newer")) await refresh().catch(() => {});
  open.scroller.scrollTop = open.scroller.scrollHeight;
}
