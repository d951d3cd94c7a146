// A line for the author alone: somebody whom they named is not in the room, and can be added. Loaded when it happens.
import { addresses, administrates, ask, make } from "./page.js";
import { learn } from "./people.js";
import { room } from "./standing.js";
import { announce, say } from "./strings.js";

/** Offer to bring the people of `ids`, whom the message names, into the room. `thread` says where it was written. */
export async function offer(message, ids, thread) {
  if (!room.mayAdd) return;
  const { people } = await (await ask(`${addresses.directory}?ids=${ids.join(",")}`)).json();
  learn(people);
  const addable = people.filter(({ active, role }) => active && (role !== "guest" || administrates));
  const form = document.getElementById(thread ? "thread-composer" : "composer") ?? document.getElementById("composer");
  if (!addable.length || !form) return;
  document.querySelector(".outsiders")?.remove();
  form.before(draw(message, addable, form));
}

function draw(message, people, form) {
  const names = new Intl.ListFormat(undefined).format(people.map(({ name }) => name));
  const place = document.querySelector("[data-room-name]").textContent;
  const words = make("span", "", say("outside", { n: people.length, names, room: `#${place}` }));
  const add = make("button", "button small", say("outside.add", { n: people.length }));
  const leave = make("button", "button small quiet", say("outside.leave"));
  const line = make("div", "outsiders", words, add, leave);
  words.dir = "auto";
  add.type = leave.type = "button";
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.textContent);
  announce(words.textContent);
  const close = () => {
    line.remove();
    form.querySelector("textarea").focus();
  };
  leave.addEventListener("click", close);
  add.addEventListener("click", async () => {
    add.disabled = true;
    try {
      const fields = { people: people.map(({ id }) => id).join(",") };
      await ask(`${room.messagesUrl}${message}/outsiders/`, { method: "POST", fields });
      announce(say("outside.added", { n: people.length, names }));
      close();
    } catch (refused) {
      words.textContent = refused.detail || say("failed.network");
      announce(words.textContent);
      add.disabled = false;
      add.focus();
    }
  });
  return line;
}
