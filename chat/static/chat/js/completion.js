// Completion in a text field: @ names people, # rooms, : emoji, and / at its beginning a command.
import { findEmoji, inTone, used } from "./emoji.js";
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make } from "./page.js";
import { avatar, learn } from "./people.js";
import { announce, say } from "./strings.js";

const WORD = /(^|[\s([{"'>*_~-])([@#:])([^\s@#:]*(?: [^\s@#:]{1,24})?)$/u;
const COMMAND = /^\/([a-z][\w-]*)?$/i;

/**
 * Complete in `field`, listing in `list`; `room` puts its members first, `commands` says that lines can be commands.
 * Answers the key handler: true, it was mine.
 */
export function complete(field, list, room, { commands = false } = {}) {
  let asked = null;
  const box = new Listbox(field, list, { draw: drawOption, take });

  function wordAt(text) {
    const command = commands && COMMAND.exec(text);
    if (command) return ["/", command[1] ?? ""];
    const word = WORD.exec(text);
    return word && [word[2], word[3]];
  }

  async function look() {
    asked?.abort();
    const found = wordAt(field.value.slice(0, field.selectionStart));
    if (!found || field.selectionStart !== field.selectionEnd) return box.close();
    const [sign, query] = found;
    if (sign === ":" && query.length < 2) return box.close();
    const mine = (asked = new AbortController());
    try {
      const items = await sources[sign](query, room, mine.signal);
      if (mine.signal.aborted) return; // a later letter was answered first
      if (items.length) announce(say("suggestions", { n: items.length }));
      if (items.length) box.show(items);
      else box.close();
    } catch (error) {
      if (error.name !== "AbortError") box.close();
    }
  }

  function take(item) {
    const end = field.selectionStart;
    const found = wordAt(field.value.slice(0, end));
    box.close();
    if (!found) return;
    if (item.char) used(item.char);
    field.setRangeText(`${item.insert} `, end - found[1].length - 1, end, "end");
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
    // A command that stands there in full is sent, not completed.
    if (event.key === "Enter" && box.isOpen && box.items[box.index]?.insert === field.value && field.value.startsWith("/")) {
      box.close();
      return false;
    }
    return box.key(event);
  };
}

const sources = {
  async "/"(query) {
    return (await import("./commands.js")).suggestCommands(query);
  },
  async "@"(query, room, signal) {
    const address = `${addresses.directory}?q=${encodeURIComponent(query)}&room=${room}`;
    const { people, groups = [] } = await (await ask(address, { signal })).json();
    learn(people);
    const items = people.slice(0, 8).map((card) => ({ card, label: card.name, insert: nameOf(card, people, groups) }));
    const several = ["room", "here"].filter((word) => word.startsWith(query.toLowerCase())).map((word) => ({ handle: word, about: say(`${word}.all`) }));
    const others = [...groups, ...several].map(({ handle, about }) => ({ sign: "people", label: `@${handle}`, detail: about, insert: `@${handle}` }));
    return query ? [...others, ...items] : [...items, ...others];
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
    return found.map((entry) => ({ char: inTone(entry), label: `:${entry.names[0]}:`, insert: entry.url ? `:${entry.names[0]}:` : inTone(entry), url: entry.url }));
  },
};

// As it is typed; exactly, where the same letters mean somebody else as well.
function nameOf({ id, name }, people, groups) {
  const fold = (text) => text.toLowerCase().replaceAll(" ", "");
  const namesake = people.some((other) => other.id !== id && fold(other.name) === fold(name));
  return namesake || groups.some(({ handle }) => handle === fold(name)) ? `@**${name}|${id}**` : `@${name}`;
}

function drawOption(item) {
  const label = make("span", "truncate", item.label);
  label.dir = "auto";
  let sign;
  if (item.card) sign = avatar(item.card, "avatar small");
  else if (item.url) sign = Object.assign(make("img", "emoji"), { src: item.url, alt: "" });
  else if (item.char) sign = make("span", "emoji", item.char);
  else sign = icon(item.sign);
  return item.detail ? [sign, label, make("span", "detail truncate", item.detail)] : [sign, label];
}
