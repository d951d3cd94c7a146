// Ctrl+K: any room or person by a few letters.
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make } from "./page.js";
import { say } from "./strings.js";

const dialog = document.getElementById("switcher");
const field = document.getElementById("switcher-query");
const signs = { room: "room", private: "lock", direct: "at", person: "person" };
const box = new Listbox(field, document.getElementById("switcher-list"), { draw, take: go });
let asked = null; // the question that is not answered yet
let taken = false; // Enter came before its answer: the first item of that one is meant, not of the list before

export function openSwitcher() {
  if (dialog.open) return;
  field.value = "";
  dialog.showModal();
  field.focus();
  look();
}

async function look() {
  asked?.abort();
  const question = (asked = new AbortController());
  taken = false;
  try {
    const response = await ask(`${addresses.switcher}?q=${encodeURIComponent(field.value.trim())}`, { signal: question.signal });
    const { items } = await response.json();
    asked = null;
    box.show(items);
    if (!items.length) empty(say("switcher.none"));
    else if (taken && dialog.open) go(items[0]);
  } catch (error) {
    if (error.name === "AbortError") return;
    asked = null;
    empty(say("failed.network"));
  }
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
  const label = make("span", "truncate", item.label);
  label.dir = "auto";
  const parts = [icon(signs[item.kind] ?? "room"), label];
  if (item.detail) parts.push(make("span", "detail truncate", item.detail));
  if (item.unread) parts.push(make("span", `badge push${item.mentions || item.kind === "direct" ? " accent" : ""}`, String(item.unread)));
  return parts;
}

// A person has no page of talk yet: the conversation is opened, which is a change and so a POST.
function go(item) {
  dialog.close();
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
