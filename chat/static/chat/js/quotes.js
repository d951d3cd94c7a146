// What a message shows of others: those that it links to, asked for together and for this reader, and what it passes on.
// Loaded with the first one.
import { addresses, ask, icon, make } from "./page.js";
import { avatar, onPeople, person } from "./people.js";
import { say } from "./strings.js";

const MOST = 100; // in one question
const KEPT = 300; // answers
const FRESH = 30_000; // milliseconds for which an answer holds: what is quoted changes, and so does who may see it
const known = new Map(); // what was answered, by id: {quote, at}; the quote is null for what this reader may not see
const wanted = new Map(); // who waits for an answer, by id
let timer = 0;
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Fill the quotes of a message, and say whose words it passes on. Within a quote nothing is quoted. */
export function drawQuotes(message) {
  message.querySelectorAll(":scope > .forward").forEach(drawHead);
  message.querySelectorAll(":scope > .moved-mark").forEach(drawMoved);
  message.querySelectorAll(":scope > .moved-away").forEach((box) => whenKnown(box.dataset.origin, (quote) => quote && box.replaceChildren(place(quote))));
  if (message.closest("[data-quote]")) return;
  for (const box of message.querySelectorAll(":scope > [data-quote]")) {
    if (box.dataset.host && box.dataset.host !== location.host) continue; // another's Parley
    whenKnown(box.dataset.quote, (quote) => box.isConnected && fill(message, box, quote));
  }
}

/** `use(quote)` once it is known what this reader may see of a message: null where that is nothing. Again, where an answer
 * that was given some time ago holds no more. */
export function whenKnown(id, use) {
  const answer = known.get(id);
  if (answer) use(answer.quote);
  if (answer && performance.now() - answer.at < FRESH) return;
  wanted.set(id, [...(wanted.get(id) ?? []), use]);
  clearTimeout(timer);
  timer = setTimeout(fetchWanted, 20);
}

async function fetchWanted() {
  const asked = [...wanted].slice(0, MOST);
  for (const [id] of asked) wanted.delete(id);
  if (wanted.size) timer = setTimeout(fetchWanted, 20);
  try {
    const response = await ask(`${addresses.quotes}?messages=${asked.map(([id]) => id).join(",")}`);
    const { quotes } = await response.json();
    const news = asked.filter(([id]) => keep(id, quotes[id] ?? null));
    inPlace(() => news.forEach(([id, uses]) => uses.forEach((use) => use(known.get(id).quote))));
  } catch (refused) {
    if (isFinal(refused)) return;
    setTimeout(() => asked.forEach(([id, uses]) => uses.forEach((use) => whenKnown(id, use))), 5000 + Math.random() * 5000);
  }
}

// Asked for again, the same would be refused again.
const isFinal = ({ status }) => status >= 400 && status < 500 && status !== 429;

// True where it says something new.
function keep(id, quote) {
  const before = known.get(id);
  known.delete(id); // the newest stand last
  known.set(id, { quote, at: performance.now() });
  if (known.size > KEPT) known.delete(known.keys().next().value);
  return !before || JSON.stringify(before.quote) !== JSON.stringify(quote);
}

// What the room's frames say of a quoted message holds when the message that quotes it is drawn anew.
document.addEventListener("parley:copy", ({ target, detail: html }) => {
  const answer = html && known.get(target.closest("[data-quote]")?.dataset.quote);
  if (answer?.quote) answer.quote = { ...answer.quote, html };
});

// In a room nothing that is being read moves.
function inPlace(change) {
  const nobodyHolds = document.dispatchEvent(new CustomEvent("parley:grow", { detail: change, cancelable: true }));
  if (nobodyHolds) change();
}

function fill(message, box, quote) {
  hideBareLink(message, box.dataset.quote);
  if (!quote) {
    box.replaceChildren(make("p", "quote-hidden", icon("lock"), say("quote.hidden")));
    return;
  }
  const fragment = document.createElement("template");
  fragment.innerHTML = quote.html;
  const copy = fragment.content.firstElementChild;
  box.dataset.copies = ""; // live, where its room is the open one
  box.dataset.room = quote.room;
  box.replaceChildren(place(quote), copy);
  copy.dispatchEvent(new CustomEvent("parley:copy", { bubbles: true }));
}

function place({ url, kind, title }) {
  const link = make("a", "quote-place", icon({ direct: "at", private: "lock" }[kind] ?? "room"), make("span", "truncate", title));
  link.lastChild.dir = "auto";
  link.href = url;
  return link;
}

function drawHead(box) {
  const { said, saidBy, origin } = box.dataset;
  const card = person(saidBy);
  const time = make("time", "muted small", moment.format(new Date(Number(said) * 1000)));
  const head = box.querySelector(".forward-head");
  head.replaceChildren(icon("forward"), avatar(card, "avatar tiny"), make("strong", "", card?.name ?? say("somebody")), time);
  if (origin) whenKnown(origin, (quote) => quote && !head.querySelector(".quote-place") && head.append(place(quote)));
}

function drawMoved(mark) {
  const name = person(mark.dataset.by)?.name ?? say("somebody");
  mark.textContent = say("moved.here", { name, time: moment.format(new Date(Number(mark.dataset.said) * 1000)) });
}

onPeople((ids) => {
  for (const id of ids) document.querySelectorAll(`.moved-mark[data-by="${CSS.escape(id)}"]`).forEach(drawMoved);
  for (const id of ids) document.querySelectorAll(`.forward[data-said-by="${CSS.escape(id)}"]`).forEach(drawHead);
});

// A line that is nothing but the link says nothing beside the quote.
function hideBareLink(message, id) {
  for (const line of message.querySelectorAll(":scope > .prose > p")) {
    const link = line.firstElementChild;
    if (line.children.length !== 1 || !link.matches("a[href]") || link.textContent !== line.textContent.trim()) continue;
    if (link.host === location.host && (link.search + link.pathname).match(/m\d+/g)?.includes(id)) line.hidden = true;
  }
}
