// Lists of threads and mentions are walked with the arrows.
const LINKS = "[data-thread-link], [data-entry-link]";

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(LINKS) || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...document.querySelectorAll(LINKS)];
  const at = links.indexOf(event.target);
  const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: links.length - 1 }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  links[goal]?.focus();
});
