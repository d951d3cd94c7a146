// How far the open thread was read: told when its newest reply is on the screen of a page that has the focus, unless
// something was marked unread here: then nothing is, until the person writes or opens the thread anew.
import { ask, me } from "./page.js";
import { isAtEnd, opened, place, placeNewReplies, shownReplies } from "./replies.js";
import { Soon } from "./soon.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

let told = 0; // up to where the server knows
let newest = 0; // the last reply there is
let known = 0; // what stands after it is new to the reader
const telling = new Soon(400);
let turn = 0; // how often something was marked unread here
let held = false;

const attends = () => !document.hidden && document.hasFocus();

/** Begin with the thread that was opened: at its "New" line, if that would be out of sight. */
export function beginReading() {
  const { element, scroller } = opened();
  const { read, messages, following } = element.dataset;
  telling.now(); // of the thread before
  told = Number(read);
  newest = Number(messages);
  turn = Number(element.dataset.turn);
  held = false;
  known = following ? told : Math.max(told, Number(messages)); // to who does not follow nothing is unread
  if (known < Number(messages)) placeNewReplies(known);
  scroller.scrollTop = scroller.scrollHeight;
  const line = scroller.querySelector(".divider.new");
  const above = line ? scroller.getBoundingClientRect().top - line.getBoundingClientRect().top : 0;
  if (above > 0) scroller.scrollTop -= above + scroller.clientHeight * 0.15;
  scroller.addEventListener("scroll", look, { passive: true });
}

/** Tell how far it was read, if the reader is there. */
export function look() {
  if (held || !opened()?.element.dataset.member || !attends() || !isAtEnd()) return;
  const last = shownReplies().at(-1);
  if (!last || place(last) <= told) return;
  const { url } = opened().element.dataset;
  told = place(last);
  known = Math.max(known, told);
  const fields = { position: told, turn };
  telling.do(() => ask(`${url}read/`, { method: "POST", fields }).catch(() => {}));
}

/** Replies came: what the reader does not see is below a "New" line. */
export function arrived(replies) {
  const { element, key, newFrom } = opened();
  const mine = replies.filter(({ dataset }) => dataset.thread === key);
  for (const one of mine) {
    if (one.dataset.author !== me || place(one) <= newest) continue;
    known = Math.max(known, place(one)); // who writes has read
    held = false;
  }
  newest = Math.max(newest, ...mine.map(place));
  const news = mine.some((one) => one.dataset.author !== me && one.dataset.deleted === undefined && place(one) > known);
  if (news && element.dataset.member && !(attends() && isAtEnd()) && (newFrom === null || newFrom <= known)) placeNewReplies(known);
  look();
}

/** From this reply on the thread is unread, on all devices. */
export async function markRepliesUnread(reply) {
  hold(place(reply) - 1);
  try {
    const answer = await ask(`${room.messagesUrl}${reply.dataset.id}/thread/unread/`, { method: "POST" });
    takeUp(await answer.json());
    announce(say("unread.replies"));
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
}

function hold(read) {
  telling.forget();
  held = true;
  told = known = read;
  placeNewReplies(read);
}

// What was said on another device, or here.
function takeUp(marked) {
  if (marked.thread !== opened()?.key || marked.turn <= turn) return;
  turn = marked.turn;
  hold(marked.read);
}

document.addEventListener("parley:thread", ({ detail }) => takeUp(detail));
addEventListener("focus", look);
document.addEventListener("visibilitychange", look);
