// Completion in a search field: the operators, and what they take. Loaded when one gets the focus.
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make } from "./page.js";
import { avatar, learn } from "./people.js";
import { announce, say } from "./strings.js";

// The part before the caret: an operator with a value, which may be in quotes, or the beginning of an operator.
const PART = /(^|\s)(-?)(?:([a-z]+):("[^"]*|[^\s"]*)|([a-z]*))$/i;
const OPERATORS = ["from", "in", "has", "is", "before", "after", "during"];
const KNOWN = {
  has: ["link", "file", "image", "video", "reaction", "pin", "thread", "poll", "todo"],
  is: ["thread", "pinned", "edited", "saved", "direct"],
};
const DAYS = ["today", "yesterday", "week", "month", "year"];
let count = 0;

/** Complete in `field`; in a room's field its room stands there to begin with. */
export function completeSearch(field) {
  const list = make("ul", "completion");
  list.id = `search-completion-${(count += 1)}`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", say("search.operators"));
  list.hidden = true;
  field.after(list);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-controls", list.id);
  const box = new Listbox(field, list, { draw, take });
  let asked = null;

  async function look() {
    asked?.abort();
    const found = PART.exec(field.value.slice(0, field.selectionStart));
    if (!found || document.activeElement !== field) return box.close();
    const question = (asked = new AbortController());
    if (found[3]) box.close(); // what fitted fewer letters can't be chosen while the answer is on its way
    try {
      const items = await itemsFor(found, field, question.signal);
      if (question.signal.aborted) return;
      // Nothing is chosen until an arrow does: Enter searches for what is there.
      if (items.length) box.show(items, { selected: -1 });
      else box.close();
      if (items.length) announce(say("suggestions", { n: items.length }));
    } catch (error) {
      if (error.name !== "AbortError") box.close();
    }
  }

  function take(item) {
    const end = field.selectionStart;
    const found = PART.exec(field.value.slice(0, end));
    if (!found || !item) return;
    const begin = found.index + found[1].length + found[2].length;
    field.setRangeText(item.insert, begin, end, "end");
    field.focus();
    look();
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", () => {
    box.close();
    if (field.value.trim() === room(field)) field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && box.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      box.close();
    } else if (event.key !== "Enter" || box.index >= 0) box.key(event, { tab: false });
  });
  if (!field.value && room(field)) field.value = `${room(field)} `;
  look();
  field.addEventListener("focus", () => {
    if (!field.value && room(field)) field.value = `${room(field)} `;
    look();
  });
}

/** `in:` the room on the page, for the field in its header. */
function room(field) {
  const place = document.getElementById("room");
  const name = document.querySelector("[data-room-name]")?.textContent.trim();
  if (field.id !== "room-search-query" || !place || !name) return "";
  return `in:${quoted(place.dataset.kind === "direct" ? `@${name}` : name)}`;
}

const quoted = (value) => (/[\s"]/.test(value) ? `"${value.replaceAll('"', "")}"` : value);

async function itemsFor([, , , operator, value, beginning], field, signal) {
  if (operator === undefined) {
    // The search page explains them itself.
    if (!beginning && (field.id === "search-query" || (field.value.trim() && field.value.trim() !== room(field)))) return [];
    return OPERATORS.filter((name) => name.startsWith(beginning.toLowerCase())).map((name) => ({
      label: `${name}:`,
      detail: say(`search.${name}`),
      insert: `${name}:`,
    }));
  }
  const name = operator.toLowerCase();
  const query = value.replace(/^"/, "").replace(/^[@#]/, "");
  if (name === "from") return people(query, signal);
  if (name === "in") return rooms(query, value, signal);
  const words = KNOWN[name] ?? (OPERATORS.includes(name) ? DAYS : []);
  return words
    .filter((word) => word.startsWith(query.toLowerCase()) && word !== query.toLowerCase())
    .map((word) => ({ label: word, insert: `${name}:${word} ` }));
}

async function people(query, signal) {
  const { people: cards } = await (await ask(`${addresses.directory}?q=${encodeURIComponent(query)}`, { signal })).json();
  learn(cards);
  const items = cards.slice(0, 7).map((card) => ({ card, label: card.name, insert: `from:${quoted(card.name)} ` }));
  if ("me".startsWith(query.toLowerCase())) items.unshift({ label: "me", detail: say("search.me"), insert: "from:me " });
  return items;
}

async function rooms(query, value, signal) {
  const { items } = await (await ask(`${addresses.switcher}?q=${encodeURIComponent(query)}`, { signal })).json();
  const fitting = value.replace(/^"/, "").startsWith("@") ? ["direct"] : ["room", "private", "direct"];
  return items
    .filter((item) => fitting.includes(item.kind))
    .slice(0, 8)
    .map((item) => {
      const sign = { room: "room", private: "lock", direct: "at" }[item.kind];
      return { sign, label: item.label, detail: item.detail, insert: `in:${quoted(item.kind === "direct" ? `@${item.label}` : item.label)} ` };
    });
}

function draw(item) {
  const label = make("span", "truncate", item.label);
  label.dir = "auto";
  const sign = item.card ? avatar(item.card, "avatar small") : icon(item.sign ?? "search");
  return item.detail ? [sign, label, make("span", "detail truncate", item.detail)] : [sign, label];
}
