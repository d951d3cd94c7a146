// A message elsewhere: its address for the clipboard, as the beginning of an answer that quotes it; forwarding and moving it.
import { administrates, me } from "./page.js";
import { room } from "./standing.js";
import { say } from "./strings.js";
import { toastDone } from "./toasts.js";
import { addAction } from "./toolbar.js";

const addressOf = (message) => new URL(`${room.url}?message=${message.dataset.id}`, location.href).href;

addAction("link", {
  may: () => true,
  async run(message) {
    const address = addressOf(message);
    try {
      await navigator.clipboard.writeText(address);
      toastDone(say("copied"));
    } catch {
      prompt(say("copy.by.hand"), address);
    }
  },
});

// A link to a message is drawn as a quote (quotes.js).
const fieldFor = (message) => (message.closest("#thread") ? document.getElementById("thread-text") : document.getElementById("composer-text"));

addAction("quote", {
  keys: ["q"],
  may: (message) => Boolean(fieldFor(message)),
  run(message) {
    const field = fieldFor(message);
    const before = field.value && !field.value.endsWith("\n") ? `${field.value}\n` : field.value;
    field.value = `${before}${addressOf(message)}\n`;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  },
});

addAction("forward", {
  keys: ["f"],
  may: () => true,
  run: (message) => choose(message, "forwards"),
});

addAction("move", {
  may: ({ dataset }) => room.isMember && !room.archived && (dataset.author === me || administrates),
  run: (message) => choose(message, "moves"),
});

async function choose(message, what) {
  const { chooseDestination } = await import("./destination.js");
  chooseDestination(`${room.messagesUrl}${message.dataset.id}/${what}/`, message);
}
