// Choosing an emoji: search, groups, skin tones, what was used last. Loaded when it is opened for the first time.
import { chooseTone, chosenTone, emojiList, findEmoji, inTone, ownEmoji, recentlyUsed, TONES } from "./emoji.js";
import { along, make } from "./page.js";
import { announce, say } from "./strings.js";

const FOUND = 60;
const dialog = document.getElementById("emoji-picker");
const field = dialog.querySelector("input");
const grid = dialog.querySelector(".emoji-grid");
const tones = dialog.querySelector(".emoji-tones");
const shownName = dialog.querySelector(".emoji-name");
let take = null;
let asked = 0;

/** Open beside `anchor` (an element); answers the emoji that was chosen, or null. */
export function pickEmoji(anchor) {
  place(anchor.getBoundingClientRect());
  field.value = "";
  drawTones();
  draw();
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => (take = resolve));
}

function place(box) {
  dialog.style.setProperty("--x", `${Math.max(8, Math.min(box.right - 340, innerWidth - 360))}px`);
  dialog.style.setProperty("--y", `${Math.max(8, Math.min(box.bottom + 4, innerHeight - 430))}px`);
}

async function draw() {
  const turn = (asked += 1);
  const query = field.value.trim().replace(/^:/, "");
  try {
    const sections = query ? [["", await findEmoji(query, FOUND)]] : await groups();
    if (turn !== asked) return;
    const filled = sections.filter(([, entries]) => entries.length);
    grid.replaceChildren(...filled.map(section));
    if (!filled.length) grid.append(make("p", "muted", say("emoji.none")));
    grid.scrollTop = 0;
    stop(grid.querySelector("button"));
    if (query) announce(say("suggestions", { n: grid.querySelectorAll("button").length }));
  } catch {
    if (turn === asked) grid.replaceChildren(make("p", "muted", say("failed.network")));
  }
}

async function groups() {
  const [{ groups, emoji }, ours] = await Promise.all([emojiList(), ownEmoji()]);
  const named = new Map([...emoji, ...ours].flatMap((entry) => [[entry.char, entry], [inTone(entry), entry]]));
  const recent = recentlyUsed().slice(0, 16).filter((char) => named.has(char)).map((char) => ({ ...named.get(char), char, toned: "" }));
  return [[say("emoji.recent"), recent], [say("emoji.own"), ours], ...groups.map((key, group) => [say(`emoji.${key}`), emoji.filter((entry) => entry.group === group)])];
}

function section([heading, entries]) {
  const box = make("div", "emoji-section");
  const buttons = make("div", "emoji-buttons", ...entries.map(button));
  if (heading) box.append(make("h3", "", heading));
  box.append(buttons);
  return box;
}

function button(entry) {
  const char = inTone(entry);
  const one = make("button", "emoji", entry.url ? picture(entry) : char);
  one.type = "button";
  one.tabIndex = -1;
  one.dataset.char = char;
  one.dataset.name = `:${entry.names[0]}:`;
  one.setAttribute("aria-label", `${entry.url ? "" : `${char} `}${entry.names[0].replaceAll("_", " ")}`);
  return one;
}

function picture({ url }) {
  const image = make("img", "emoji");
  image.src = url;
  image.alt = "";
  return image;
}

function drawTones() {
  const chosen = chosenTone();
  tones.replaceChildren(
    ...TONES.map((tone, index) => {
      const one = make("button", "emoji", `✋${tone}`);
      one.type = "button";
      one.dataset.tone = tone;
      one.setAttribute("role", "radio");
      one.setAttribute("aria-checked", String(tone === chosen));
      one.setAttribute("aria-label", say(`emoji.tone.${index}`));
      one.tabIndex = tone === chosen ? 0 : -1;
      return one;
    }),
  );
}

function choose(char) {
  take?.(char);
  take = null;
  dialog.close();
}

// One button is the grid's stop of Tab.
function stop(button) {
  for (const other of grid.querySelectorAll("button[tabindex='0']")) other.tabIndex = -1;
  if (!button) return;
  button.tabIndex = 0;
  shownName.textContent = button.dataset.name;
}

function move(button) {
  stop(button);
  button.focus();
  button.scrollIntoView({ block: "nearest" });
}

// The nearest button in the row below (1) or above (-1), by where they are drawn: groups end rows early.
function inNextRow(from, direction) {
  const all = [...grid.querySelectorAll("button")];
  const rows = direction > 0 ? all.slice(all.indexOf(from)) : all.slice(0, all.indexOf(from)).reverse();
  const next = rows.find((one) => Math.abs(one.offsetTop - from.offsetTop) > 4);
  if (!next) return null;
  const row = rows.filter((one) => Math.abs(one.offsetTop - next.offsetTop) <= 4);
  return row.reduce((best, one) => (Math.abs(one.offsetLeft - from.offsetLeft) < Math.abs(best.offsetLeft - from.offsetLeft) ? one : best));
}

field.addEventListener("input", draw);
field.addEventListener("keydown", (event) => {
  const first = grid.querySelector("button");
  if (event.isComposing || !first) return;
  if (event.key === "Enter") {
    event.preventDefault();
    choose(first.dataset.char);
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    move(first);
  }
});
grid.addEventListener("keydown", (event) => {
  const from = event.target.closest("button");
  if (!from) return;
  const all = [...grid.querySelectorAll("button")];
  const at = all.indexOf(from);
  const forward = getComputedStyle(grid).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  const goal = {
    [forward]: () => all[at + 1],
    [backward]: () => all[at - 1] ?? field,
    ArrowDown: () => inNextRow(from, 1),
    ArrowUp: () => inNextRow(from, -1) ?? field,
    Home: () => all[0],
    End: () => all.at(-1),
  }[event.key]?.();
  if (goal === undefined && event.key.length === 1 && event.key !== " ") field.focus(); // typing goes on searching
  if (!goal) return;
  event.preventDefault();
  if (goal === field) field.focus();
  else move(goal);
});
for (const kind of ["pointerover", "focusin"]) {
  grid.addEventListener(kind, (event) => {
    const name = event.target.closest("button")?.dataset.name;
    if (name) shownName.textContent = name;
  });
}
grid.addEventListener("click", (event) => {
  const char = event.target.closest("button")?.dataset.char;
  if (char) choose(char);
});
tones.addEventListener("click", (event) => {
  const tone = event.target.closest("button")?.dataset.tone;
  if (tone !== undefined) setTone(tone);
});
tones.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? along(event);
  if (!step) return;
  event.preventDefault();
  setTone(TONES[(TONES.indexOf(chosenTone()) + step + TONES.length) % TONES.length]);
});
dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
dialog.addEventListener("close", () => {
  take?.(null);
  take = null;
});

function setTone(tone) {
  chooseTone(tone);
  drawTones();
  draw();
  tones.querySelector("[aria-checked=true]").focus();
}
