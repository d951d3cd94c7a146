// What every field for a message shares: its height, which keys send, what is a command, the question before many are told.
import { recall } from "./device.js";

/** Fit a textarea's height to its text. */
export function grow(textarea) {
  if (CSS.supports("field-sizing", "content")) return;
  textarea.style.height = "auto";
  textarea.style.height = `${textarea.scrollHeight + 2}px`;
}

/** True when this key press sends: Enter alone, or with Ctrl where the person swapped them. */
export function isSending(event) {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  if (event.ctrlKey || event.metaKey) return true;
  return recall("enter-breaks", false) ? event.shiftKey : !event.shiftKey;
}

const COMMAND = /^\/[a-z][\w-]*(?=\s|$)/i;

/** True when this line is a command. A blank or a second slash before it makes it words; a path is none. */
export const isCommand = (text) => COMMAND.test(text);

/** What is posted of a text: `//topic` says "/topic". */
export function literally(text) {
  const trimmed = text.trim();
  return trimmed.startsWith("//") && isCommand(trimmed.slice(1)) ? trimmed.slice(1) : trimmed;
}

/** Something was posted from beside a thread's field: whether the next goes to the room as well is asked anew. */
export function askAnew() {
  const also = document.getElementById("thread-also");
  if (also) also.checked = false;
}

/** Whether a text may go out: where it would tell many people, its author is asked. Without an answer it may. */
export async function mayTell(text, before = "") {
  try {
    return await (await import("./naming.js")).mayTell(text, before);
  } catch {
    return true; // what nobody may say the server refuses
  }
}
