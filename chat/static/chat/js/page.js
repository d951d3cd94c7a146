// What the page knows of its reader, and how it asks the server.
const columns = document.getElementById("columns");

const KEPT_ALIVE = 8 * 1024; // browsers refuse what, with all others under way, is more than 64 KiB

export const me = columns.dataset.me;
/** The groups this person is in, as "g1"; the personal socket keeps it. */
export const groups = new Set(columns.dataset.groups.split(" ").filter(Boolean));
export const administrates = Boolean(columns.dataset.administrator);
export const editHistory = columns.dataset.editHistory; // who sees it: everybody, administrators, nobody
export const build = columns.dataset.build;
export const addresses = {
  directory: columns.dataset.directory,
  switcher: columns.dataset.switcher,
  search: columns.dataset.search,
  sections: columns.dataset.sections,
  sidebar: columns.dataset.sidebar,
  quotes: columns.dataset.quotes,
  choices: columns.dataset.choices,
  signIn: columns.dataset.signIn,
  emoji: columns.dataset.emoji,
};

/** A refusal with the server's own words. `code` is "network" where nothing was heard. */
export class Refused extends Error {
  constructor(code, detail, status = 0, retryAfter = 0) {
    super(detail);
    Object.assign(this, { code, detail, status, retryAfter });
  }
}

/** Ask the server; answers the Response of a success, throws Refused. `fields` are sent as a form. What changes something
    arrives even when the page is left at once (`keepalive`, which browsers allow for small bodies). */
export async function ask(url, { method = "GET", fields, signal, accept = "application/json" } = {}) {
  const headers = { Accept: accept, "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
  let response;
  try {
    const body = fields ? new URLSearchParams(fields) : undefined;
    const keepalive = method !== "GET" && String(body ?? "").length < KEPT_ALIVE;
    response = await fetch(url, { method, headers, body, signal, keepalive, credentials: "same-origin", redirect: "follow" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("network", "");
  }
  if (response.redirected && new URL(response.url).pathname.startsWith(addresses.signIn)) signIn();
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  const wait = Number(said.error?.retry_after ?? response.headers.get("Retry-After") ?? 0);
  throw new Refused(said.error?.code ?? String(response.status), said.error?.detail ?? "", response.status, wait);
}

let leaving = false;
addEventListener("pageshow", () => (leaving = false)); // also of a page that one comes back to
// Signing out ends this page's lines before its answer is here: going elsewhere for them would break it off.
addEventListener("submit", ({ target }) => (leaving ||= target.matches("[data-sign-out]")));

/** Leave for the sign-in page, and come back here afterwards. Both lines and each question say so: the first one goes. */
export function signIn() {
  if (leaving) return;
  leaving = true;
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${addresses.signIn}?next=${next}`);
}

/** Where an arrow key leads along a row: 1 is on, -1 back, 0 nowhere. From right to left a row runs the other way. */
export function along({ key, target }) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key] ?? 0;
  return getComputedStyle(target).direction === "rtl" ? -step : step;
}

/** A line icon of the sprite. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** A new element with classes and children. */
export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** The first element of a <template>, cloned. */
export function clone(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}
