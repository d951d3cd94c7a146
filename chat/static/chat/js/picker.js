// Choosing people: a field that completes names, and chips of who was chosen. Loaded with the first one.
import { Listbox } from "./listbox.js";
import { addresses, ask, icon, make, me } from "./page.js";
import { avatar, learn, onPeople, person } from "./people.js";
import { announce, say } from "./strings.js";

const drawn = new WeakMap(); // how the chips of a picker are drawn; a picker that is gone is not held

function attach(picker) {
  const value = picker.querySelector("[name=people]");
  const field = picker.querySelector(".picker-input");
  const chips = picker.querySelector(".picker-chips");
  const box = new Listbox(field, picker.querySelector(".completion"), {
    draw: (card) => [avatar(card, "avatar small"), make("span", "truncate", card.name)],
    take: choose,
  });
  let asked = null;
  const chosen = () => value.value.split(",").filter(Boolean);

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const query = field.value.trim();
    if (!query) return box.close();
    try {
      const response = await ask(`${addresses.directory}?q=${encodeURIComponent(query)}`, { signal: asked.signal });
      const { people } = await response.json();
      learn(people);
      const offered = people.filter((card) => card.id !== me && !chosen().includes(card.id));
      box.show(offered.slice(0, 8));
      announce(say("suggestions", { n: offered.length }));
    } catch (error) {
      if (error.name !== "AbortError") box.close();
    }
  }

  function choose(card) {
    set([...chosen(), card.id]);
    field.value = "";
    box.close();
    field.focus();
  }

  function set(ids) {
    value.value = ids.join(",");
    draw();
  }

  function draw() {
    chips.replaceChildren(
      ...chosen().map((id) => {
        const card = person(id);
        const remove = make("button", "", icon("close"));
        remove.type = "button";
        remove.setAttribute("aria-label", say("remove", { name: card?.name ?? "" }));
        remove.addEventListener("click", () => {
          set(chosen().filter((other) => other !== id));
          field.focus();
        });
        return make("li", "picker-chip", avatar(card, "avatar tiny"), make("span", "truncate", card?.name ?? "…"), remove);
      }),
    );
  }

  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (box.key(event, { tab: false })) return;
    if (event.key === "Backspace" && !field.value && chosen().length) set(chosen().slice(0, -1));
    if (event.key === "Escape" && box.isOpen) {
      event.stopPropagation();
      box.close();
    }
    // An unfinished name is not a choice: Enter must not send the form without it.
    if (event.key === "Enter" && field.value.trim()) event.preventDefault();
  });
  field.addEventListener("blur", () => setTimeout(() => box.close(), 120));
  drawn.set(picker, draw);
  draw();
  if (field.value) look(); // typed before this was there
}

/** Attach to every picker that has come. */
export function attachPickers() {
  for (const picker of document.querySelectorAll("[data-picker]:not([data-attached])")) {
    picker.dataset.attached = "1";
    attach(picker);
  }
}

onPeople(() => document.querySelectorAll("[data-picker][data-attached]").forEach((picker) => drawn.get(picker)()));
