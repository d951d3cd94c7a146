// The toolbar's ways to react: the three emoji that this person uses most, and the picker.
import { favourites } from "./emoji.js";
import { openPanel } from "./panel.js";
import { toggleReaction } from "./reactions.js";
import { room } from "./standing.js";
import { say } from "./strings.js";
import { addAction } from "./toolbar.js";

const QUICK = 3;
const may = () => room.isMember && !room.archived;

addAction("quick", {
  may,
  draw(button, message, number) {
    button.textContent = button.dataset.emoji = favourites(QUICK)[number];
    button.setAttribute("aria-label", say("react.with", { emoji: button.dataset.emoji }));
  },
  run: (message, button) => toggleReaction(message, button.dataset.emoji),
});

addAction("chosers", {
  may: (message) => Boolean(message.querySelector(":scope > :is(.reactions, .poll:not([data-anonymous]))")),
  run: (message) => openPanel(`${room.messagesUrl}${message.dataset.id}/choices/`, message),
});

addAction("react", {
  may,
  keys: ["+", "r"],
  async run(message, button) {
    const { id } = message;
    const { pickEmoji } = await import("./emoji_picker.js");
    const emoji = await pickEmoji(button ?? message);
    const still = document.getElementById(id); // a frame may have replaced it meanwhile
    still?.focus({ preventScroll: true });
    if (emoji && still) toggleReaction(still, emoji);
  },
});
