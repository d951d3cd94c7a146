// The list of emoji, loaded when first asked for; and what this person uses most, on this device.
import { recall, remember } from "./device.js";
import { addresses, ask } from "./page.js";

export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];
const AT_FIRST = ["👍", "❤️", "😄", "🎉", "👀", "🙏", "✅", "🚀"];
const KEPT = 32;
const OWN = /^e[1-9]\d*$/; // an emoji of the organisation's, by its id
const FRESH = 60_000; // milliseconds after which the organisation may have others
let loading = null;
let own = { at: -FRESH, entries: [] };

/** Whether `char` is an emoji of the organisation's own. */
export const isOwn = (char) => OWN.test(char);

/** What is written for an emoji in a message: itself, or the name of one of the organisation's. */
export async function written(char) {
  return isOwn(char) ? `:${(await ownEmoji()).find((entry) => entry.char === char)?.names[0] ?? char}:` : char;
}

/** The organisation's own, as entries of the list with a `url`; without them where they can't be had. */
export async function ownEmoji() {
  if (performance.now() - own.at < FRESH) return own.entries;
  try {
    const { emoji } = await (await ask("/emoji/")).json();
    const entries = emoji.map(({ id, names, url }) => ({ char: id, names, url, group: -1, keywords: "", toned: "" }));
    own = { at: performance.now(), entries };
  } catch {
    // Unicode's can be chosen all the same.
  }
  return own.entries;
}

/** {groups, emoji: [{char, names, group, keywords, toned}]}; throws Refused. */
export function emojiList() {
  loading ??= load().catch((error) => {
    loading = null; // the next time may go well
    throw error;
  });
  return loading;
}

async function load() {
  const { groups, emoji } = await (await ask(addresses.emoji)).json();
  return {
    groups,
    emoji: emoji.map(([char, names, group, keywords, toned]) => ({ char, names: names.split(" "), group, keywords, toned })),
  };
}

/** Emoji whose names or keywords begin with the query, names first. */
export async function findEmoji(query, limit) {
  const [{ emoji }, ours] = await Promise.all([emojiList(), ownEmoji()]);
  const text = query.toLowerCase().replace(/[\s-]+/g, "_");
  const rank = ({ names, keywords }) => {
    if (names.includes(text)) return 0;
    if (names[0].startsWith(text)) return 1;
    if (names.some((name) => name.startsWith(text))) return 2;
    if (names.some((name) => name.includes(`_${text}`))) return 3;
    return keywords.split(" ").some((word) => word.startsWith(query.toLowerCase())) ? 4 : 9;
  };
  return [...ours, ...emoji]
    .map((entry) => [rank(entry), entry])
    .filter(([order]) => order < 9)
    .sort(([one], [other]) => one - other)
    .slice(0, limit)
    .map(([, entry]) => entry);
}

/** The emoji of an entry in the skin tone that this person has chosen. */
export function inTone({ char, toned }) {
  const tone = chosenTone();
  return tone && toned ? toned.replaceAll("*", tone) : char;
}

export const chosenTone = () => TONES[recall("emoji.tone", 0)] ?? "";
export const chooseTone = (tone) => remember("emoji.tone", TONES.indexOf(tone));

/** Note that an emoji was used. */
export function used(char) {
  const counts = recall("emoji.used", []).filter(([one]) => one !== char);
  const before = recall("emoji.used", []).find(([one]) => one === char)?.[1] ?? 0;
  remember("emoji.used", [[char, before + 1], ...counts].slice(0, KEPT));
}

/** What was used last, the latest first. */
export const recentlyUsed = () => recall("emoji.used", []).map(([char]) => char);

/** The `count` that this person uses most; before they have any, what most people do. */
export function favourites(count) {
  const most = recall("emoji.used", []).toSorted(([, one], [, other]) => other - one).map(([char]) => char);
  return [...new Set([...most.filter((char) => !isOwn(char)), ...AT_FIRST])].slice(0, count);
}
