// What the fragment leaves to the page on code, formulas, tables and spoilers: numbers, names, buttons, covers.
import { icon, make } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const SHOWN = 12; // lines of longer code that are shown at first
const NUMBERED = 3; // from so many lines on they have numbers
const MOST = 500_000; // bytes of a file that can be read in its message
const opened = new Set(); // what the reader opened: a reaction draws the message anew

/** Draw the blocks of a message: of its text, and the beginnings of its files. */
export function drawBlocks(message) {
  const key = `${message.dataset.id}/${message.dataset.edited ?? ""}`;
  for (const [index, pre] of message.querySelectorAll(":scope > .prose pre, :scope > .forward > .prose pre, .file-excerpt").entries()) drawCode(pre, `${key}/c${index}`);
  for (const [index, spoiler] of message.querySelectorAll(":scope > .prose .spoiler, :scope > .forward > .prose .spoiler").entries()) cover(spoiler, `${key}/s${index}`);
  for (const wide of message.querySelectorAll(".wide, .formula")) wide.tabIndex = 0;
}

// -- Code --------------------------------------------------------------------------------------------------------------

function drawCode(pre, key) {
  const file = fileOf(pre);
  const { name = "" } = pre.dataset;
  const lines = linesOf(pre);
  const long = file ? Number(file.querySelector("[data-bytes]").dataset.bytes) <= MOST : lines > SHOWN + 2;
  const figure = make("figure", "snippet");
  figure.dataset.key = key;
  pre.tabIndex = 0;
  pre.replaceWith(figure);
  if (name || (long && !file)) {
    const head = make("figcaption", "snippet-head", make("bdi", "truncate", name || pre.dataset.language || say("code")));
    if (lines > 1) head.append(make("span", "muted small", say("code.lines", { n: lines })));
    figure.append(head);
  }
  const body = make("div", "snippet-body", pre);
  figure.append(body, button("copy", "copy", say("code.copy")));
  number(figure, lines);
  if (!long) return;
  const more = make("button", "snippet-more");
  more.type = "button";
  more.dataset.block = "more";
  figure.append(more);
  fold(figure, opened.has(key));
}

const linesOf = (pre) => pre.textContent.replace(/\n$/, "").split("\n").length;

// Beside the code and not in it: they are neither copied nor read out.
function number(figure, lines) {
  figure.querySelector(".snippet-numbers")?.remove();
  if (lines < NUMBERED && !figure.querySelector(".snippet-head")) return;
  const numbers = make("span", "snippet-numbers", Array.from({ length: lines }, (_, index) => index + 1).join("\n"));
  numbers.ariaHidden = "true";
  figure.querySelector(".snippet-body").prepend(numbers);
}

function fold(figure, open) {
  const more = figure.querySelector(".snippet-more");
  figure.classList.toggle("folded", !open);
  more.setAttribute("aria-expanded", String(open));
  const whole = fileOf(figure) ? say("code.whole") : say("code.more", { n: linesOf(figure.querySelector("pre")) });
  more.textContent = open ? say("code.less") : whole;
}

const fileOf = (inside) => inside.closest(".file")?.querySelector("a.file-card");

async function toggle(figure) {
  const open = figure.classList.contains("folded");
  try {
    if (open && fileOf(figure)) await fill(figure);
  } catch {
    return toastProblem(say("failed.network"));
  }
  if (open) opened.add(figure.dataset.key);
  else opened.delete(figure.dataset.key);
  fold(figure, open);
}

async function textOf(figure) {
  const file = fileOf(figure);
  if (!file) return figure.querySelector("pre").textContent;
  const answer = await fetch(file.href, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.text()).replace(/\r\n?/g, "\n");
}

// A file's fragment has its first lines only.
async function fill(figure) {
  const code = figure.querySelector("code");
  const text = await textOf(figure);
  if (text.startsWith(code.textContent) && text.length - code.textContent.length > 1) code.append(text.slice(code.textContent.length));
  else if (!text.startsWith(code.textContent)) code.textContent = text;
  number(figure, linesOf(figure.querySelector("pre")));
}

async function copy(figure, pressed) {
  try {
    await navigator.clipboard.writeText(await textOf(figure));
  } catch {
    return toastProblem(say("code.uncopied"));
  }
  announce(say("code.copied"));
  pressed.replaceChildren(icon("check"));
  setTimeout(() => pressed.replaceChildren(icon("copy")), 1500);
}

// -- Spoilers ----------------------------------------------------------------------------------------------------------

// What is covered is inert: neither the keyboard nor a screen reader gets at it before it is opened.
function cover(spoiler, key) {
  const inside = make("span", "spoiler-inside", ...spoiler.childNodes);
  spoiler.dataset.key = key;
  spoiler.append(button("spoiler", "eye", ""), inside);
  uncover(spoiler, opened.has(key));
}

// An edit history is drawn by the server, and covered each time that it comes.
function coverHistory() {
  for (const spoiler of document.querySelectorAll("#versions .spoiler:not([data-key])")) cover(spoiler, crypto.randomUUID());
}

function uncover(spoiler, open) {
  const pressed = spoiler.querySelector(":scope > [data-block]");
  spoiler.classList.toggle("open", open);
  spoiler.querySelector(":scope > .spoiler-inside").inert = !open;
  pressed.setAttribute("aria-expanded", String(open));
  pressed.ariaLabel = pressed.title = say(open ? "spoiler.hide" : "spoiler.show");
  if (open) opened.add(spoiler.dataset.key);
  else opened.delete(spoiler.dataset.key);
}

function button(block, sign, label) {
  const one = make("button", `block-${block}`, icon(sign));
  one.type = "button";
  one.dataset.block = block;
  one.ariaLabel = one.title = label;
  return one;
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("[data-block]");
  const figure = pressed?.closest(".snippet");
  const spoiler = event.target.closest?.(".spoiler");
  if (pressed?.dataset.block === "copy") copy(figure, pressed);
  else if (pressed?.dataset.block === "more") toggle(figure);
  else if (spoiler && (pressed || !spoiler.classList.contains("open"))) uncover(spoiler, !spoiler.classList.contains("open"));
});
document.addEventListener("htmx:after:swap", coverHistory);
coverHistory();
