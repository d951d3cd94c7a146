// Slash commands: which there are, running one, and its answer, which only the sender sees. Loaded with the first "/".
import { ask, icon, make } from "./page.js";
import { follow } from "./scrolling.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";

const MOST = 3; // answers on the page
const address = `${room.url}commands/`;
let listed = null;
let again = { line: "", id: "" }; // what was sent and not answered goes out under the same name

/** The commands that begin with `query`, as options of the completion. */
export async function suggestCommands(query) {
  listed ??= ask(address).then((answer) => answer.json());
  try {
    const { commands } = await listed;
    const found = commands.filter(({ name }) => name.startsWith(query.toLowerCase())).slice(0, 12);
    return found.map(({ name, usage, help }) => ({ sign: "code", label: `/${name} ${usage}`.trim(), detail: help, insert: `/${name}` }));
  } catch (error) {
    listed = null;
    throw error;
  }
}

/**
 * Run a line, written in the room or as a `reply`: in which thread, and whether it goes to the room as well.
 * Answers whether it was done, so that the field can forget it.
 */
export async function runCommand(line, reply = {}) {
  const { thread = "" } = reply;
  if (again.line !== line) again = { line, id: crypto.randomUUID() };
  try {
    const answer = await (await ask(address, { method: "POST", fields: { text: line, client_id: again.id, ...reply } })).json();
    again = { line: "", id: "" };
    if (answer.kind === "posted") document.dispatchEvent(new CustomEvent("parley:posted"));
    show(line, answer, reply);
    return true;
  } catch (refused) {
    if (refused.code === "slow_mode") document.dispatchEvent(new CustomEvent("parley:held", { detail: refused.retryAfter }));
    if (refused.code !== "network") again = { line: "", id: "" };
    tell(line, refused.detail || say("failed.network"), [], thread, true);
    return false;
  }
}

function show(line, { kind, text, items, url, dialog }, reply) {
  if (kind === "told") tell(line, text, items, reply.thread);
  if (kind === "led") location.assign(url);
  if (kind === "opened") open(dialog, reply);
}

async function open(dialog, reply) {
  if (dialog === "poll-dialog") (await import("./list_dialogs.js")).openPollDialog(reply);
  else if (dialog === "todo-dialog") (await import("./list_dialogs.js")).openTodoDialog({ reply });
  else document.getElementById(dialog)?.showModal();
}

// It stands where the line was written; a thread lies over the room on a phone.
function tell(line, text, items, thread, failed = false) {
  const box = (thread && document.getElementById("thread-answers")) || document.getElementById("answers");
  const close = make("button", "button quiet small icon-only answer-close", icon("close"));
  close.type = "button";
  close.ariaLabel = close.title = say("answer.close");
  const note = make("p", "muted small", make("bdi", "truncate", line), " · ", say("answer.only"));
  const said = make("p", failed ? "answer-text failed" : "answer-text", text);
  said.dir = "auto";
  const answer = make("div", "answer", note, said, close);
  if (items.length) {
    const pairs = items.map(([term, meaning]) => make("div", "", make("dt", "", make("code", "", term)), make("dd", "", meaning)));
    answer.append(make("dl", "answer-items", ...pairs));
  }
  close.addEventListener("click", () => {
    answer.remove();
    document.getElementById(thread ? "thread-text" : "composer-text")?.focus();
  });
  while (box.children.length >= MOST) box.firstElementChild.remove();
  box.append(answer);
  announce([text, ...items.map((pair) => pair.join(": "))].join(" "));
  follow();
  answer.scrollIntoView({ block: "nearest" });
}
