// Deleting a message, after a question.
import { administrates, me } from "./page.js";
import { room } from "./standing.js";
import { addAction } from "./toolbar.js";

addAction("delete", {
  may: ({ dataset }) => (dataset.author === me || administrates) && (room.isMember || administrates),
  keys: ["Delete"],
  run: async (message) => (await import("./delete_dialog.js")).askFirst(message),
});
