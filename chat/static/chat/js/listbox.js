// A list of options that belongs to a field: arrows move, Enter takes, a screen reader follows (ARIA listbox).
import { make } from "./page.js";

let count = 0;

export class Listbox {
  /** `take(item)` hears the choice; `draw(item)` answers the children of its option. */
  constructor(field, list, { draw, take }) {
    Object.assign(this, { field, list, draw, take, items: [], index: -1 });
    list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      if (!option) return;
      event.preventDefault(); // the field keeps the focus
      this.take(this.items[Number(option.dataset.index)]);
    });
  }

  get isOpen() {
    return !this.list.hidden && this.items.length > 0;
  }

  /** Show these items, the first selected. */
  show(items, { selected = 0 } = {}) {
    this.items = items;
    this.list.replaceChildren(
      ...items.map((item, index) => {
        const option = make("li", item.apart ? "option apart" : "option", ...this.draw(item));
        option.id = `option-${(count += 1)}`;
        option.setAttribute("role", "option");
        option.dataset.index = index;
        return option;
      }),
    );
    this.list.hidden = items.length === 0;
    this.#expanded(items.length > 0);
    this.select(items.length ? selected : -1);
  }

  close() {
    this.items = [];
    this.index = -1;
    this.list.hidden = true;
    this.list.replaceChildren();
    this.#expanded(false);
    this.field.removeAttribute("aria-activedescendant");
  }

  select(index) {
    this.index = index;
    for (const [place, option] of [...this.list.children].entries()) {
      const chosen = place === index;
      option.setAttribute("aria-selected", String(chosen));
      if (!chosen) continue;
      this.field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    }
  }

  /** True when the key was for the list. */
  key(event, { tab = true } = {}) {
    if (!this.isOpen || event.isComposing) return false;
    const last = this.items.length - 1;
    if (event.key === "ArrowDown") this.select(this.index >= last ? 0 : this.index + 1);
    else if (event.key === "ArrowUp") this.select(this.index <= 0 ? last : this.index - 1);
    else if (event.key === "Enter" || (tab && event.key === "Tab" && !event.shiftKey)) this.take(this.items[this.index]);
    else return false;
    event.preventDefault();
    return true;
  }

  #expanded(open) {
    if (this.field.getAttribute("role") === "combobox") this.field.setAttribute("aria-expanded", String(open));
  }
}
