// An open edit history follows its message: another edit is another version, a deleted message has none.
import { closePanel } from "./panel.js";
import { onMessages } from "./window.js";

onMessages((fragments) => {
  const open = document.getElementById("versions");
  const changed = open && fragments.find((message) => message.dataset.id === open.dataset.message);
  if (!changed) return;
  if (changed.dataset.deleted === undefined) document.dispatchEvent(new CustomEvent("parley:versions"));
  else closePanel();
});
