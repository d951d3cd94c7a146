// Completion in a text field: @ names people, # rooms, : emoji.
import { findEmoji, inTone, used } from "./emoji.js";
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make } from "./page.js";
import { avatar, learn } from "./people.js";
import { announce, say } from "./strings.js";

const WORD = /(^|[\s([{"'>*_~-])([@#:])([^\s@#:]*(?: [^\s@#:]{1,24})?)$/u;

/** Complete in `field`, listing in `list`; `room` puts its members first. Answers the key handler: true, it was mine. */
export function complete(field, list, room) {
  let asked = null;
  const box = new Listbox(field, list, { draw: drawOption, take });

  async function look() {
    asked?.abort();
    const found = WORD.exec(field.value.slice(0, field.selectionStart));
    if (!found || field.selectionStart !== field.selectionEnd) return box.close();
    const [, , sign, query] = found;
    if (sign === ":" && query.length < 2) return box.close();
    asked = new AbortController();
    try {
      const items = await sources[sign](query, room, asked.signal);
      if (items.length) announce(say("suggestions", { n: items.length }));
      if (items.length) box.show(items);
      else box.close();
    } catch (error) {
      if (error.name !== "AbortError") box.close();
    }
  }

  function take(item) {
    const end = field.selectionStart;
    const found = WORD.exec(field.value.slice(0, end));
    box.close();
    if (!found) return;
    if (item.char) used(item.char);
    field.setRangeText(`${item.insert} `, end - found[3].length - 1, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }

  field.addEventListener("input", look);
  field.addEventListener("blur", () => setTimeout(() => document.activeElement !== field && box.close(), 120));
  return (event) => {
    if (event.key === "Escape" && box.isOpen) {
      box.close();
      event.stopPropagation();
      event.preventDefault();
      return true;
    }
    return box.key(event);
  };
}

const sources = {
  async "@"(query, room, signal) {
    const address = `${addresses.directory}?q=${encodeURIComponent(query)}&room=${room}`;
    const { people } = await (await ask(address, { signal })).json();
    learn(people);
    const items = people.slice(0, 8).map((card) => ({ card, label: card.name, insert: `@${card.name}` }));
    if (!query.includes(" ") && "room".startsWith(query.toLowerCase())) {
      items.splice(query ? 0 : items.length, 0, { sign: "people", label: "@room", detail: say("room.all"), insert: "@room" });
    }
    return items;
  },
  async "#"(query, room, signal) {
    const { items } = await (await ask(`${addresses.switcher}?q=${encodeURIComponent(query)}`, { signal })).json();
    return items
      .filter((item) => item.kind === "room" || item.kind === "private")
      .slice(0, 8)
      .map((item) => ({ sign: item.kind === "private" ? "lock" : "room", label: item.label, detail: item.detail, insert: `#${item.label}` }));
  },
  async ":"(query) {
    const found = await findEmoji(query, 8);
    return found.map((entry) => ({ char: inTone(entry), label: `:${entry.names[0]}:`, insert: inTone(entry) }));
  },
};

function drawOption(item) {
  const label = make("span", "truncate", item.label);
  label.dir = "auto";
  let sign;
  if (item.card) sign = avatar(item.card, "avatar small");
  else if (item.char) sign = make("span", "emoji", item.char);
  else sign = icon(item.sign);
  return item.detail ? [sign, label, make("span", "detail truncate", item.detail)] : [sign, label];
}
