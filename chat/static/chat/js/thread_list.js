// The list of followed threads is walked with the arrows.
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("[data-thread-link]") || event.altKey || event.ctrlKey || event.metaKey) return;
  const links = [...document.querySelectorAll("[data-thread-link]")];
  const at = links.indexOf(event.target);
  const goal = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: links.length - 1 }[event.key];
  if (goal === undefined) return;
  event.preventDefault();
  links[goal]?.focus();
});
