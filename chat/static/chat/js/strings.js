// The page's words, from the template, so that they are translated with everything else.
const words = JSON.parse(document.getElementById("strings").textContent);

/** The words of `key`, with {names} replaced. With a number `n` the plural is chosen: `key` or `key.other`. */
export function say(key, values = {}) {
  const plural = "n" in values && Number(values.n) !== 1 ? words[`${key}.other`] : undefined;
  return (plural ?? words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Whether there are words for `key`. */
export const knows = (key) => key in words;

const announcer = document.getElementById("announcer");

/** Tell people who listen to the page. */
export function announce(text) {
  announcer.textContent = "";
  setTimeout(() => (announcer.textContent = text), 60);
}
