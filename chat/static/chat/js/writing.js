// What every field for a message shares: its height, and which keys send.
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
