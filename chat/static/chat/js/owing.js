// When a page acknowledges what came on a socket, each frame of which counts against a reader until then: at half of
// what the server lets a reader owe, else some five seconds later, each page at its own moment. All readers of a message
// would answer at once.
const SOON = 5000; // milliseconds, about
const FRAMES = 128;
const LENGTH = 128 * 1024; // characters; the server counts bytes, up to three for each

export class Owing {
  #frames = 0;
  #length = 0;
  #later = 0;
  #acknowledge;

  constructor(acknowledge) {
    this.#acknowledge = acknowledge;
  }

  /** A frame came, of so many characters. */
  came(length) {
    this.#frames++;
    this.#length += length;
    if (this.#frames >= FRAMES || this.#length >= LENGTH) this.#now();
    else this.#later ||= setTimeout(() => this.#now(), SOON * (0.5 + Math.random()));
  }

  #now() {
    clearTimeout(this.#later);
    this.#frames = this.#length = this.#later = 0;
    this.#acknowledge();
  }
}
