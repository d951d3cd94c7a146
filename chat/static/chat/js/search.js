// Search fields and results: completion comes with the first focus, arrows walk the results.
const FIELDS = "#search-query, #room-search-query";
const RESULTS = ".result-place a, .file-line-name, .person-link, .room-list-name";

document.addEventListener("focusin", async (event) => {
  const field = event.target.closest?.(FIELDS);
  if (!field || field.dataset.completes) return;
  field.dataset.completes = "1";
  const { completeSearch } = await import("./search_field.js");
  completeSearch(field);
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || (event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.altKey) return;
  const around = event.target.closest?.("#search-panel, #content");
  const links = [...(around?.querySelectorAll(`.search-results :is(${RESULTS})`) ?? [])];
  const at = links.indexOf(event.target);
  const isField = event.target.id === "search-query";
  if (!links.length || (at < 0 && !isField)) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  if (next < 0) document.getElementById("search-query").focus();
  else links[Math.min(next, links.length - 1)].focus();
});
