// What this device remembers of a person: drafts, outbox, preferences. Storage may be refused or full; nothing fails.
import { me } from "./page.js";

const key = (name) => `parley.${me}.${name}`; // the host is the organisation's: storage is already its own

export function recall(name, otherwise = null) {
  try {
    const text = localStorage.getItem(key(name));
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

export function remember(name, value) {
  try {
    if (value === null || value === undefined || value === "") localStorage.removeItem(key(name));
    else localStorage.setItem(key(name), JSON.stringify(value));
  } catch {
    // Full or refused: this page still has it.
  }
}

/** The names that begin with `prefix`. */
export function remembered(prefix) {
  try {
    return Object.keys(localStorage)
      .filter((name) => name.startsWith(key(prefix)))
      .map((name) => name.slice(key("").length));
  } catch {
    return [];
  }
}

/** Forget everything of this person here: they sign out, and the next one may not be them. */
export function forgetEverything() {
  try {
    for (const name of Object.keys(localStorage)) if (name.startsWith("parley.p")) localStorage.removeItem(name);
  } catch {
    // There was nothing to forget.
  }
}
