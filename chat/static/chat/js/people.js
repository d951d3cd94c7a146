// The directory: who "p3" is. What the page came with, and the rest fetched in one batch.
import { addresses, ask, make } from "./page.js";

const known = new Map(Object.entries(JSON.parse(document.getElementById("people").textContent)));
const wanted = new Set();
const missing = new Set();
const news = new EventTarget();
let timer = 0;

/** The card of a person, or null: then it is fetched, and `onPeople` tells. */
export function person(id) {
  if (!known.has(id) && !missing.has(id) && /^p\d+$/.test(id)) want(id);
  return known.get(id) ?? null;
}

/** Whether somebody who is known here is called so, in small letters: by their first name, or all of it without blanks. */
export function isCalled(word) {
  const names = [...known.values()].map(({ name }) => name.toLowerCase());
  return names.some((name) => name.split(" ")[0] === word || name.replaceAll(" ", "") === word);
}

/** Keep cards that came another way. */
export function learn(cards) {
  for (const card of cards) known.set(card.id, card);
}

/** A person changed: fetch their card again. */
export function refresh(id) {
  if (known.has(id)) want(id);
}

/** `listener(ids)` hears of people whose cards came or changed. */
export function onPeople(listener) {
  news.addEventListener("people", (event) => listener(event.detail));
}

/** An avatar; the picture lies over the initials, so that a broken one leaves them. */
export function avatar(card, className = "avatar") {
  const box = make("span", className, card?.initials ?? "");
  box.setAttribute("aria-hidden", "true");
  if (card) box.style.setProperty("--hue", card.hue);
  if (card?.picture) {
    const image = make("img");
    image.src = card.picture;
    image.alt = "";
    image.addEventListener("error", () => image.remove());
    box.append(image);
  }
  return box;
}

function want(id) {
  wanted.add(id);
  clearTimeout(timer);
  timer = setTimeout(fetchWanted, 20);
}

async function fetchWanted() {
  const ids = [...wanted].slice(0, 100);
  for (const id of ids) wanted.delete(id);
  try {
    const response = await ask(`${addresses.directory}?ids=${ids.join(",")}`);
    learn((await response.json()).people);
    for (const id of ids) if (!known.has(id)) missing.add(id);
    news.dispatchEvent(new CustomEvent("people", { detail: ids }));
  } catch ({ status = 0 }) {
    if (status >= 400 && status < 500 && status !== 429) ids.forEach((id) => missing.add(id)); // refused for good
    else setTimeout(() => ids.forEach(want), 5000 + Math.random() * 5000);
  }
  if (wanted.size) timer = setTimeout(fetchWanted, 20);
}
