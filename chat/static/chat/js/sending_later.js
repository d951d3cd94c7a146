// Scheduling what stands in a field, instead of sending it at once.
import { openDialog } from "./later.js";
import { literally } from "./writing.js";

let emptied = null; // called when what was asked for last is scheduled

/** Ask when the text of `field` is to be sent; `done()` is called once that is stored. */
export function sendLater(url, field, from, done) {
  emptied = done;
  openDialog(url, from, (dialog) => (dialog.querySelector("[name=text]").value = literally(field.value)));
}

// The answer of the form, not the news of the person's socket.
document.addEventListener("parley:scheduled", ({ target }) => {
  if (target === document) return;
  emptied?.();
  emptied = null;
});
