// What the page knows of its reader, and how it asks the server.
const columns = document.getElementById("columns");

export const me = columns.dataset.me;
export const administrates = Boolean(columns.dataset.administrator);
export const build = columns.dataset.build;
export const addresses = {
  directory: columns.dataset.directory,
  switcher: columns.dataset.switcher,
  sidebar: columns.dataset.sidebar,
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

/** Ask the server; answers the Response of a success, throws Refused. `fields` are sent as a form. */
export async function ask(url, { method = "GET", fields, signal, accept = "application/json" } = {}) {
  const headers = { Accept: accept, "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content };
  let response;
  try {
    const body = fields ? new URLSearchParams(fields) : undefined;
    response = await fetch(url, { method, headers, body, signal, credentials: "same-origin", redirect: "follow" });
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

/** Leave for the sign-in page, and come back here afterwards. */
export function signIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${addresses.signIn}?next=${next}`);
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
