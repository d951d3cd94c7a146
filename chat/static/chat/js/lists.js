// Polls and to-do lists: what their fragment leaves to the page, which is words, bars, buttons, "mine", and pressing them.
import { chose, learnOptions } from "./choices.js";
import { administrates, ask, make, me } from "./page.js";
import { onPeople, person } from "./people.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const room = document.getElementById("room"); // not on a page of search results
const mayChange = !room || Boolean(room.dataset.member && !room.dataset.archived);
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** Draw the poll or to-do list of a message, if it has one. */
export function drawLists(message) {
  const poll = message.querySelector(":scope > .poll");
  const todo = message.querySelector(":scope > .todo");
  if (poll) drawPoll(message, poll);
  if (todo) drawTodo(message, todo);
}

const addressOf = (message) => `/rooms/${message.closest("[data-room]")?.dataset.room}/messages/${message.dataset.id}`;
const peopleOf = (option) => (option.dataset.people ?? "").split(" ").filter(Boolean);
const isClosed = ({ dataset }) => dataset.closed !== undefined || Number(dataset.closes ?? Infinity) * 1000 <= Date.now();

// -- Polls -------------------------------------------------------------------------------------------------------------

function drawPoll(message, poll) {
  const { anonymous, multiple, open, voters, closes } = poll.dataset;
  const closed = isClosed(poll);
  for (const option of poll.querySelectorAll("[data-option]")) drawOption(option, Number(voters), closed);
  mark(message, poll);
  const about = [say("poll.voters", { n: Number(voters) })];
  if (multiple !== undefined) about.push(say("poll.multiple"));
  if (anonymous !== undefined) about.push(say("poll.anonymous"));
  if (closed) about.push(say("poll.closed"));
  else if (closes) about.push(say("poll.closes", { time: clock.format(new Date(closes * 1000)) }));
  const foot = make("p", "list-foot muted small", make("span", "", about.join(" · ")));
  const mine = message.dataset.author === me;
  if (room && mayChange && !closed && (mine || open !== undefined)) foot.append(action("poll-add", say("poll.add")));
  if (room && !closed && (mine || administrates)) foot.append(action("poll-close", say("poll.close")));
  poll.append(foot);
}

function drawOption(option, voters, closed) {
  const [text, count] = [option.querySelector("bdi"), option.querySelector("span")];
  const n = Number(option.dataset.count);
  const share = voters ? Math.round((100 * n) / voters) : 0;
  const button = make("button", "poll-option", text, count);
  button.type = "button";
  button.disabled = closed || !mayChange;
  button.dataset.keep = `poll-${option.dataset.option}`;
  button.dataset.list = "vote";
  button.style.setProperty("--share", `${share}%`);
  button.ariaLabel = say("poll.option", { text: text.textContent, n, share });
  count.textContent = `${n} · ${share} %`;
  option.append(button);
}

function mark(message, poll) {
  for (const option of poll.querySelectorAll("[data-option]")) {
    const { option: number, people, count } = option.dataset;
    const all = people !== undefined && peopleOf(option).length === Number(count);
    const named = peopleOf(option).includes(me) || (all ? false : undefined);
    option.querySelector("button").setAttribute("aria-pressed", String(chose(message, number, named)));
  }
}

async function vote(message, button) {
  const { option } = button.closest("[data-option]").dataset;
  const was = button.getAttribute("aria-pressed") === "true";
  const answer = await send(`${addressOf(message)}/poll/${option}/vote/`, { method: was ? "DELETE" : "POST" });
  learnOptions(message.dataset.id, (await answer.json()).options);
}

// Names are looked at when somebody points at an option.
function tell(button) {
  const option = button.closest("[data-option]");
  const names = peopleOf(option).map((id) => (id === me ? say("you") : (person(id)?.name ?? "…")));
  if (!names.length) return;
  const rest = Number(option.dataset.count) - names.length;
  if (rest > 0) names.push(say("reaction.rest", { n: rest }));
  button.title = new Intl.ListFormat(document.documentElement.lang, { type: "conjunction" }).format(names);
}

// -- To-do lists -------------------------------------------------------------------------------------------------------

function drawTodo(message, todo) {
  const all = [...todo.querySelectorAll("[data-item]")];
  for (const item of all) drawItem(item);
  const done = all.filter(({ dataset }) => dataset.at).length;
  const foot = make("p", "list-foot muted small", make("span", "", say("todo.done", { done, n: all.length })));
  if (room && mayChange && message.dataset.author === me) foot.append(action("todo-edit", say("todo.edit")));
  todo.append(foot);
}

function drawItem(item) {
  const { at, by } = item.dataset;
  const box = make("input");
  box.type = "checkbox";
  box.checked = Boolean(at);
  box.disabled = !mayChange;
  box.dataset.keep = `todo-${item.dataset.item}`;
  box.dataset.list = "tick";
  const label = make("label", "todo-item", box, item.querySelector("bdi"));
  if (at) label.append(make("span", "todo-done muted small"));
  item.append(label);
  sign(item);
}

// Who did it, and when; the card may come later.
function sign(item) {
  const { at, by } = item.dataset;
  if (at) item.querySelector(".todo-done").textContent = `${person(by)?.name ?? "…"}, ${clock.format(new Date(at * 1000))}`;
}

function action(name, label) {
  const button = make("button", "button quiet small", label);
  button.type = "button";
  button.dataset.list = button.dataset.keep = name;
  return button;
}

async function send(address, options) {
  return ask(address, options).catch((refused) => {
    toastProblem(refused.detail || say("failed.network"));
    throw refused;
  });
}

async function act(message, pressed) {
  const address = addressOf(message);
  if (pressed.dataset.list === "vote") return vote(message, pressed);
  if (pressed.dataset.list === "poll-close") {
    const { confirmed } = await import("./list_dialogs.js");
    if (await confirmed(say("poll.close.sure"))) return send(`${address}/poll/closing/`, { method: "POST" });
  }
  if (pressed.dataset.list === "poll-add") (await import("./list_dialogs.js")).openOptionDialog(`${address}/poll/`, pressed);
  if (pressed.dataset.list === "todo-edit") (await import("./list_dialogs.js")).openTodoDialog({ message, url: `${address}/todo/` });
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("button[data-list]");
  if (pressed) act(pressed.closest(".message"), pressed).catch(() => {});
});
document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.dataset.list !== "tick") return;
  const message = box.closest(".message");
  const address = `${addressOf(message)}/todo/${box.closest("[data-item]").dataset.item}/tick/`;
  send(address, { method: box.checked ? "POST" : "DELETE" }).catch(() => (box.checked = !box.checked));
});
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, (event) => {
    const option = event.target.closest?.(".poll-option");
    if (option) tell(option);
  });
}
document.addEventListener("parley:choices", ({ detail: ids }) => {
  for (const id of ids) for (const poll of document.querySelectorAll(`.message[data-id="${id}"][data-drawn] > .poll`)) mark(poll.parentElement, poll);
});
onPeople(() => document.querySelectorAll(".todo-item").forEach((one) => sign(one.parentElement)));
