// Code of any length, with a name: a message, or a text file where it is too long for one.
import { post } from "./outbox.js";
import { toNewest } from "./reading.js";
import { announce, say } from "./strings.js";
import { uploadsOf } from "./uploads.js";
import { askAnew } from "./writing.js";

const MOST = 10_000; // characters of a message
const dialog = document.getElementById("snippet-dialog");
const [name, text] = [dialog.querySelector("input"), dialog.querySelector("textarea")];

let reply = {};

/** Ask for code and post it, in the room or as a `reply` in a thread of it. */
export function openSnippetDialog(place = {}) {
  reply = place;
  dialog.querySelector(".field-error").textContent = "";
  dialog.showModal();
  text.focus();
}

// A fence longer than any in the code; the language is what the name ends in.
function fenced() {
  const longest = Math.max(2, ...(text.value.match(/`{3,}/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const called = name.value.trim();
  const language = called.includes(".") ? called.split(".").at(-1) : "text";
  return `${fence}${called && `${language} ${called}`}\n${text.value.replace(/\s+$/, "")}\n${fence}`;
}

dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!text.value.trim()) {
    dialog.querySelector(".field-error").textContent = say("failed.empty");
    return text.focus();
  }
  const message = fenced();
  if ([...message].length > MOST) {
    uploadsOf(reply.thread).add([new File([text.value], name.value.trim() || "snippet.txt", { type: "text/plain" })]);
    announce(say("snippet.file"));
  } else {
    post(message, {}, reply);
    if (reply.thread) askAnew();
    else toNewest();
  }
  name.value = text.value = "";
  dialog.close();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) dialog.querySelector("form").requestSubmit();
});
dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => document.getElementById(reply.thread ? "thread-text" : "composer-text")?.focus());
