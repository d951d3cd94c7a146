// A socket that htmx's ws extension opened: who hears which frame, sending, and hurrying when the network is back.
const ENDINGS = new Set([4401, 4403, 4404]); // not worth another try
// What comes is owed until it is acknowledged: at half of what may be, or after some five seconds; not by all readers at once.
const LATER = 5000;
const limit = () => 96 + Math.random() * 32; // frames, a longer one for its Ki characters

/** The socket of an element with `hx-ws:connect`. `accept(frame)` sees every frame first; false keeps htmx from it. */
export class Socket {
  #element;
  #connection = null;
  #listeners = new Map();
  #heard = 0;
  #owed = 0;
  #limit = limit();
  #acknowledging = 0;

  constructor(id, accept = () => true, revision = () => 0) {
    this.id = id;
    this.revision = revision;
    this.#element = document.getElementById(id);
    this.opened = false;
    const about = (event) => event.target.id === id;
    document.addEventListener("htmx:after:ws:connection", (event) => about(event) && this.#open(event.detail.connection));
    document.addEventListener("htmx:ws:close", (event) => about(event) && this.#close(event.detail));
    document.addEventListener("htmx:before:ws:message", (event) => {
      if (!about(event)) return;
      const { message } = event.detail;
      this.#heard = Date.now();
      if (!message.json || accept(message.json) === false) message.cancelled = true;
      this.#owe(message.text.length);
    });
    document.addEventListener("htmx:after:ws:message", (event) => {
      if (about(event)) this.#tell(event.detail.message.json.type, event.detail.message.json);
    });
    // htmx starts after a timeout, before or after this module: whatever it has not done is done now.
    htmx.process(this.#element);
    queueMicrotask(() => {
      const connection = htmx.ext.ws.getRegistry().get(this.#element.getAttribute("hx-ws:connect"));
      if (connection?.socket?.readyState === WebSocket.OPEN && !this.opened) this.#open(connection);
    });
    addEventListener("online", () => this.hurry());
    addEventListener("pageshow", (event) => event.persisted && this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.opened || this.hurry());
  }

  /** `listener(frame)` hears frames of this type; "open" and "close" tell of the connection itself. */
  on(type, listener) {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    return this;
  }

  /** Send a frame; false when the socket is not open. */
  send(type, fields = {}) {
    const socket = this.#connection?.socket;
    if (socket?.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify({ headers: {}, body: { type, ...fields } }));
    return true;
  }

  acknowledge() {
    clearTimeout(this.#acknowledging);
    this.#acknowledging = this.#owed = 0;
    this.#limit = limit();
    this.send("ack", { revision: this.revision() });
  }

  /** Tell listeners of a frame that htmx was kept from. */
  hear(frame) {
    this.#tell(frame.type, frame);
  }

  /** Milliseconds since anything was heard. */
  get silence() {
    return this.#heard ? Date.now() - this.#heard : 0;
  }

  /** Open a new connection now, without waiting for the next try. */
  hurry() {
    if (this.ended) return;
    const fresh = this.#element.cloneNode(false);
    fresh.removeAttribute("data-htmx-powered");
    this.#heard = 0;
    if (this.opened) this.#close({ code: 1006 });
    htmx.swap({ sourceElement: document.body, target: `#${this.id}`, swap: "outerHTML", text: fresh.outerHTML });
    this.#element = document.getElementById(this.id);
  }

  #owe(length) {
    this.#owed += Math.max(1, length / 1024);
    if (this.#owed >= this.#limit) this.acknowledge();
    else this.#acknowledging ||= setTimeout(() => this.acknowledge(), LATER * (0.5 + Math.random()));
  }

  #open(connection) {
    this.#connection = connection;
    this.opened = true;
    this.#heard = Date.now();
    this.#tell("open", { connection });
  }

  #close({ code, connection, reason }) {
    if (reason === "removed" || reason === "cancelled") return;
    this.opened = false;
    if (ENDINGS.has(code)) {
      this.ended = code;
      if (connection) connection.config.reconnect = false;
    }
    this.#tell("close", { code });
  }

  #tell(type, frame) {
    for (const listener of this.#listeners.get(type) ?? []) listener(frame);
  }
}
