// Where the page stands in its room: what it has applied, which part of the timeline it shows, how far it was read.
const element = document.getElementById("room");
const said = element.dataset;
const number = (name) => Number(said[name] || 0);

export const room = {
  element,
  timeline: document.getElementById("timeline"),
  key: said.room,
  kind: said.kind,
  url: said.url,
  messagesUrl: said.messagesUrl,
  readUrl: said.readUrl,
  draftUrl: `${said.url}draft/`,
  isMember: Boolean(said.member),
  administers: Boolean(said.administers),
  mayPin: Boolean(said.mayPin),
  mayAdd: Boolean(said.mayAdd),
  highlight: said.highlight,
  thread: said.thread, // of the message whose thread is to be opened
  archived: Boolean(said.archived),

  revision: number("revision"), // everything up to it is on the page
  epoch: said.epoch,
  messages: number("messages"), // how many the room has: the newest position
  read: number("read"),
  turn: number("turn"), // how often something was marked unread here

  beginning: number("beginning"), // what stands before this position is deleted for everybody
  first: number("first"), // positions of the window's ends; 0 where it is empty
  last: number("last"),
  hasOlder: Boolean(said.hasOlder),
  hasNewer: Boolean(said.hasNewer),

  newFrom: null, // the "New" line stands before the first message after this position
};

/** Messages of the timeline in their order, without dividers. */
export function shown() {
  return room.timeline.querySelectorAll(":scope > .message");
}

/** Count the window's ends again after messages came or went. */
export function measureWindow() {
  const all = shown();
  room.first = all.length ? positionOf(all[0]) : 0;
  room.last = all.length ? positionOf(all[all.length - 1]) : 0;
}

/** Its number in the room; 0 for a reply that is in its thread only (docs/threads.md). */
export const positionOf = (message) => Number(message.dataset.position ?? 0);
export const revisionOf = (message) => Number(message.dataset.revision);
