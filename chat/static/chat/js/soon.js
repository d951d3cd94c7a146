// What may wait a moment for something later of its kind: it is done once, and before the page is left.

export class Soon {
  #deed = null;
  #timer = 0;

  /** `wait` in milliseconds. */
  constructor(wait) {
    this.wait = wait;
    addEventListener("pagehide", () => this.now({ leaving: true }));
  }

  /** Do this in a moment, in place of what waited so far; `deed({leaving})` hears whether the page is being left. */
  do(deed) {
    clearTimeout(this.#timer);
    this.#deed = deed;
    this.#timer = setTimeout(() => this.now(), this.wait);
  }

  /** Do what waits. */
  now({ leaving = false } = {}) {
    const deed = this.#deed;
    this.forget();
    deed?.({ leaving });
  }

  forget() {
    clearTimeout(this.#timer);
    this.#deed = null;
  }
}
