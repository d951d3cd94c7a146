// Making polls and to-do lists, and changing them. Loaded when somebody does.
import { ask, icon, make } from "./page.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";
import { askAnew } from "./writing.js";

const confirming = document.getElementById("confirm-dialog");

/** Ask before what can't be undone. */
export function confirmed(text) {
  confirming.querySelector("p").textContent = text;
  confirming.querySelector("[value=yes]").textContent = say("poll.close");
  confirming.returnValue = "";
  confirming.showModal();
  return new Promise((resolve) => confirming.addEventListener("close", () => resolve(confirming.returnValue === "yes"), { once: true }));
}

// Lines of text that can be added, moved and removed. `data-number` is the name of one that exists.
class Rows {
  constructor(list, most, label) {
    Object.assign(this, { list, most, label });
    list.parentElement.querySelector("[data-add]").onclick = () => this.add()?.focus();
  }

  fill(entries) {
    this.list.replaceChildren();
    for (const [number, text] of entries) this.add(number, text);
  }

  get entries() {
    const inputs = [...this.list.querySelectorAll("input")].filter((one) => one.value.trim());
    return inputs.map((one) => [one.dataset.number ? Number(one.dataset.number) : null, one.value.trim()]);
  }

  add(number = null, text = "") {
    if (this.list.children.length >= this.most) return null;
    const input = make("input", "input");
    Object.assign(input, { type: "text", value: text, maxLength: 300, autocomplete: "off", dir: "auto" });
    if (number !== null) input.dataset.number = number;
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      (row.nextElementSibling?.querySelector("input") ?? this.add())?.focus();
    });
    const row = make("li", "row", input, this.button("up", "down", () => this.move(row)), this.button("remove", "close", () => this.remove(row)));
    row.querySelector("[data-row=up] .icon").style.transform = "rotate(180deg)";
    this.list.append(row);
    this.name();
    return input;
  }

  button(what, sign, press) {
    const one = make("button", "button quiet small icon-only", icon(sign));
    one.type = "button";
    one.dataset.row = what;
    one.addEventListener("click", press);
    return one;
  }

  move(row) {
    const before = row.previousElementSibling;
    if (!before) return;
    before.before(row);
    this.name();
    (row.querySelector("[data-row=up]:not([disabled])") ?? row.querySelector("input")).focus();
  }

  remove(row) {
    const near = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    this.name();
    (near ?? this.list.parentElement).querySelector("input, [data-add]").focus();
  }

  name() {
    for (const [index, row] of [...this.list.children].entries()) {
      row.querySelector("input").ariaLabel = say(this.label, { n: index + 1 });
      row.querySelector("[data-row=up]").disabled = index === 0;
      for (const what of ["up", "remove"]) {
        const button = row.querySelector(`[data-row=${what}]`);
        button.ariaLabel = button.title = say(`row.${what}`, { n: index + 1 });
      }
    }
    this.list.parentElement.querySelector("[data-add]").disabled = this.list.children.length >= this.most;
  }
}

// A dialog whose form is sent by `submit()`; what is refused stays and says why.
class Form {
  constructor(id, submit) {
    this.dialog = document.getElementById(id);
    this.form = this.dialog.querySelector("form");
    this.error = this.dialog.querySelector(".field-error");
    this.dialog.querySelector("[data-cancel]").addEventListener("click", () => this.dialog.close());
    this.form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (this.busy) return;
      this.busy = true;
      try {
        await submit();
        this.dialog.close();
      } catch (refused) {
        if (refused.code === "slow_mode") document.dispatchEvent(new CustomEvent("parley:held", { detail: refused.retryAfter }));
        this.error.textContent = refused.detail || say("failed.network");
      } finally {
        this.busy = false;
      }
    });
    this.dialog.addEventListener("close", () => (this.back?.isConnected ? this.back : document.getElementById("composer-text"))?.focus());
  }

  // The focus goes back to `back`, else to the field that asked.
  open(reply = {}, back = document.getElementById(reply.thread ? "thread-text" : "composer-text")) {
    Object.assign(this, { reply, back });
    this.error.textContent = "";
    this.id = crypto.randomUUID(); // sent again after a broken connection, it is posted once
    this.dialog.showModal();
    this.form.querySelector("input").focus();
  }

  async post(fields, done) {
    await ask(address, { method: "POST", fields });
    document.dispatchEvent(new CustomEvent("parley:posted"));
    if (this.reply.thread) askAnew();
    announce(say(done));
  }
}

const address = `${room.url}lists/`;
let poll = null;
let todo = null;
let option = null;

/** Ask for a poll and post it, in the room or as a `reply` in a thread of it. */
export function openPollDialog(reply = {}) {
  poll ??= newPollForm();
  poll.form.reset();
  poll.rows.fill([[null, ""], [null, ""]]);
  poll.open(reply);
}

function newPollForm() {
  const made = new Form("poll-dialog", async () => {
    const { text, minutes, multiple, anonymous, open } = made.form.elements;
    const options = made.rows.entries.map(([, line]) => line).join("\n");
    const on = (box) => (box.checked ? "1" : "");
    const fields = { client_id: made.id, ...made.reply, text: text.value, options, minutes: minutes.value, multiple: on(multiple), anonymous: on(anonymous), open: on(open) };
    await made.post(fields, "poll.posted");
  });
  made.rows = new Rows(made.dialog.querySelector(".rows"), 20, "poll.row");
  return made;
}

/** Ask for a to-do list and post it, in the room or as a `reply`; or change the one of `message`, at `url`. */
export function openTodoDialog({ message = null, url = "", reply = {} } = {}) {
  todo ??= newTodoForm();
  const before = message ? [...message.querySelectorAll("[data-item]")].map((item) => [Number(item.dataset.item), item.querySelector("bdi").textContent]) : [];
  Object.assign(todo, { message, url, before });
  todo.form.reset();
  todo.dialog.querySelector("[data-title]").hidden = Boolean(message);
  todo.form.elements.text.required = !message;
  todo.rows.fill(message ? before : [[null, ""], [null, ""]]);
  todo.open(reply, message ?? undefined);
  if (message) todo.rows.list.querySelector("input").focus();
}

function newTodoForm() {
  const made = new Form("todo-dialog", async () => {
    const { entries } = made.rows;
    if (made.message) return ask(made.url, { method: "POST", fields: { items: JSON.stringify(entries), before: JSON.stringify(made.before) } });
    const items = entries.map(([, line]) => line).join("\n");
    await made.post({ client_id: made.id, ...made.reply, text: made.form.elements.text.value, items }, "todo.posted");
  });
  made.rows = new Rows(made.dialog.querySelector(".rows"), 50, "todo.row");
  return made;
}

/** Ask for one more option of the poll at `url`. */
export function openOptionDialog(url, back) {
  option ??= new Form("option-dialog", () => ask(option.url, { method: "POST", fields: { text: option.form.elements.text.value } }));
  option.url = url;
  option.form.reset();
  option.open({}, back.closest(".message"));
}
