// Ctrl+K: any room, person or command by a few letters, and the messages that say them.
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make } from "./page.js";
import { say } from "./strings.js";
import { commandsFor } from "./switcher_commands.js";

const dialog = document.getElementById("switcher");
const field = document.getElementById("switcher-query");
const signs = { room: "room", private: "lock", direct: "at", person: "person", message: "thread", search: "search" };
const PAUSE = 120; // ms without a key before messages are asked for
const box = new Listbox(field, document.getElementById("switcher-list"), { draw, take: go });
let asked = null; // the question that is not answered yet
let current = null; // the question that the words in the field ask: what answers another one is never shown
let taken = false; // Enter came before its answer: the first item of that one is meant, not of the list before

export function openSwitcher() {
  if (dialog.open) return;
  field.value = "";
  dialog.showModal();
  field.focus();
  look();
}

async function look() {
  current?.abort();
  const question = (asked = current = new AbortController());
  const query = field.value.trim();
  taken = false;
  const commands = commandsFor(query);
  if (query.startsWith(">")) {
    asked = null;
    return commands.length ? box.show(commands) : empty(say("switcher.none"));
  }
  const messages = query ? messagesFor(query, question.signal) : [];
  try {
    const response = await ask(`${addresses.switcher}?q=${encodeURIComponent(query)}`, { signal: question.signal });
    const { items } = await response.json();
    if (question !== current) return;
    asked = null;
    const names = query ? [...items, ...commands, everything(query)] : items;
    box.show(names);
    if (!names.length) empty(say("switcher.none"));
    else if (taken && dialog.open) return go(names[0]);
    const found = await messages;
    // They come last and late, and move nothing that is chosen.
    if (question === current && found.length) box.show([...names, ...found], { selected: box.index });
  } catch (error) {
    if (error.name === "AbortError") return;
    asked = null;
    empty(say("failed.network"));
  }
}

/** The messages, once nobody types on; none where they can't be had: the names are there without them. */
async function messagesFor(query, signal) {
  await new Promise((done) => setTimeout(done, PAUSE));
  if (signal.aborted) return [];
  try {
    const response = await ask(`${addresses.switcher}messages/?q=${encodeURIComponent(query)}`, { signal });
    const { items } = await response.json();
    return items.map((item, index) => ({ ...item, apart: index === 0 }));
  } catch {
    return [];
  }
}

function everything(query) {
  const url = `${addresses.search}?q=${encodeURIComponent(query)}`;
  return { kind: "search", label: say("switcher.search", { query }), url, apart: true };
}

function key(event) {
  if (event.key !== "Enter" || event.isComposing || !asked) return box.key(event, { tab: false });
  event.preventDefault();
  taken = true;
}

function empty(text) {
  box.close();
  const line = make("li", "completion-empty", text);
  line.setAttribute("role", "option");
  line.setAttribute("aria-disabled", "true");
  box.list.append(line);
  box.list.hidden = false;
}

function draw(item) {
  const label = make("span", "truncate", ...(item.kind === "message" ? item.label.map(words) : [item.label]));
  label.dir = "auto";
  const parts = [icon(item.sign ?? signs[item.kind] ?? "room"), label];
  if (item.detail) parts.push(make("span", "detail truncate", item.detail));
  if (item.unread) parts.push(make("span", `badge push${item.mentions || item.kind === "direct" ? " accent" : ""}`, String(item.unread)));
  return parts;
}

const words = ([text, marked]) => (marked ? make("mark", "", text) : text);

// A person has no page of talk yet: the conversation is opened, which is a change and so a POST.
function go(item) {
  dialog.close();
  if (item.kind === "command") return item.element.click();
  if (item.kind !== "person") return location.assign(item.url);
  const form = make("form");
  form.method = "post";
  form.action = item.url;
  const token = document.querySelector('meta[name="csrf-token"]').content;
  for (const [name, value] of Object.entries({ csrfmiddlewaretoken: token, people: item.key })) {
    const input = make("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

field.addEventListener("input", look);
field.addEventListener("keydown", key);
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
document.addEventListener("click", (event) => event.target.closest("[data-switcher-open]") && openSwitcher());
