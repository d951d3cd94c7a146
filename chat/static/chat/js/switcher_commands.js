// What the switcher can do beside going somewhere: everything that the sidebar, its menu and the room's header offer.
// They are the page's own links and buttons, so a command is there exactly where this person has it.
const OFFERED = "#organisation-menu [role=menuitem], #sidebar a.sidebar-item:not([data-room]), #sidebar .section-add, .room-header a[hx-get]";
const MOST = 6;

const labelOf = (element) => (element.getAttribute("aria-label") ?? element.querySelector(".truncate")?.textContent ?? element.textContent).trim();
const signOf = (element) => element.querySelector("use")?.getAttribute("href").split("#")[1] ?? "more";
const fits = (label, query) => label.toLowerCase().startsWith(query) || label.toLowerCase().includes(` ${query}`);

/** The commands with a word that begins with `query`; all of them for ">". */
export function commandsFor(query) {
  const all = query.startsWith(">");
  const wanted = query.replace(/^>\s*/, "").toLowerCase();
  if (!all && wanted.length < 2) return [];
  const found = new Map();
  for (const element of document.querySelectorAll(OFFERED)) {
    const label = labelOf(element);
    if (label && fits(label, wanted) && !found.has(label)) found.set(label, { kind: "command", label, element, sign: signOf(element) });
  }
  return [...found.values()].slice(0, all ? undefined : MOST);
}
