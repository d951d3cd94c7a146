// Everything read at once, with a way back.
import { ask } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem, toastDone } from "./toasts.js";

/** Mark all rooms and threads of this person read; the toast undoes it. The counts come as frames. */
export async function readAll() {
  try {
    const done = await (await ask("/read/", { method: "POST" })).json();
    if (!done.rooms && !done.threads && !done.mentions) return announce(say("all.read.nothing"));
    toastDone(say("all.read"), () => undo(done));
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
}

async function undo(done) {
  try {
    await ask("/unread/", { method: "POST", fields: done });
    announce(say("all.read.undone"));
  } catch (refused) {
    toastProblem(refused.detail || say("failed.network"));
  }
}
