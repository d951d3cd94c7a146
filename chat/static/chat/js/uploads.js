// Files on their way into the next message: chosen, pasted or dropped, a few at a time, with progress, cancel and retry.
import { inWords } from "./files.js";
import { ask, clone, signIn } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const TOGETHER = 3;
const MOST = 20; // files of one message
const LONGEST = 10_000; // characters of a message: a longer text is pasted as a file
const places = new Map(); // by place: "" is the room, else a thread, whose files outlive its panel

/** The files of the next message in the room, or in a thread of it. */
export function uploadsOf(thread = "") {
  if (!places.has(thread)) places.set(thread, new Uploads());
  return places.get(thread);
}

class Uploads {
  #all = []; // {file, element, request?, id?, problem?}
  #form;
  #list;
  #changed;

  /** Attach to a form for messages; files can be dropped on `place`. `changed` is called when it may have become possible to send, or impossible. */
  attach(form, place, changed) {
    this.#form = form;
    this.#list = form.querySelector(".uploads");
    this.#changed = changed;
    const input = form.querySelector("[type=file]");
    form.querySelector("[data-attach]").addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    this.#field.addEventListener("paste", (event) => this.#paste(event));
    this.#takeDrops(place);
    this.#list.append(...this.#all.map(({ element }) => element));
    this.#update();
  }

  get any() {
    return this.#all.length > 0;
  }

  /** Whether something is on its way, so that nothing can be sent. */
  get busy() {
    return this.#all.some((one) => !one.id);
  }

  /** Why nothing can be sent while `busy`. */
  get whyNot() {
    return say(this.#all.some((one) => one.problem) ? "upload.failed" : "upload.wait");
  }

  get underWay() {
    return this.#all.some((one) => one.request);
  }

  /** Take what is uploaded: `{ids, names}` for one message. Call only when nothing is on its way. */
  take() {
    const taken = this.#all;
    this.#all = [];
    for (const { element } of taken) element.remove();
    this.#update();
    return { ids: taken.map((one) => one.id).join(","), names: taken.map((one) => one.file.name) };
  }

  /** Take files into the next message; they go up at once. */
  add(files) {
    const most = Number(this.#form.dataset.largest);
    for (const file of files) {
      if (this.#all.length === MOST) {
        toastProblem(say("upload.many", { n: MOST }));
        break;
      }
      const upload = { file, element: clone("template-upload") };
      const find = (selector) => upload.element.querySelector(selector);
      find(".upload-name").textContent = file.name;
      find("progress").setAttribute("aria-label", file.name);
      find("[data-cancel]").setAttribute("aria-label", say("upload.cancel", { name: file.name }));
      find("[data-cancel]").addEventListener("click", () => this.#cancel(upload));
      find("[data-retry]").addEventListener("click", () => this.#retry(upload));
      if (file.size > most) fail(upload, say("upload.large", { most: inWords(most) }), true);
      this.#list.append(upload.element);
      this.#all.push(upload);
    }
    this.#pump();
  }

  get #field() {
    return this.#form.querySelector("textarea");
  }

  #paste(event) {
    const words = event.clipboardData.getData("text/plain");
    if (words.length > LONGEST) {
      event.preventDefault();
      this.add([new File([words], say("snippet.pasted"), { type: "text/plain" })]);
      return announce(say("snippet.file"));
    }
    if (!event.clipboardData.files.length || words) return; // words come first
    event.preventDefault();
    this.add(event.clipboardData.files);
  }

  #takeDrops(place) {
    const hint = place.querySelector(".drop-hint");
    const brings = (event) => event.dataTransfer?.types.includes("Files");
    place.addEventListener("dragover", (event) => {
      if (!brings(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      hint.hidden = false;
    });
    place.addEventListener("dragleave", (event) => {
      if (!place.contains(event.relatedTarget)) hint.hidden = true;
    });
    place.addEventListener("drop", (event) => {
      hint.hidden = true;
      if (!brings(event)) return;
      event.preventDefault();
      this.add(event.dataTransfer.files);
      this.#field.focus();
    });
  }

  #pump() {
    for (const upload of this.#all) {
      if (this.#all.filter((one) => one.request).length >= TOGETHER) break;
      if (!upload.request && !upload.id && !upload.problem) this.#send(upload);
    }
    this.#update();
  }

  #send(upload) {
    const request = (upload.request = new XMLHttpRequest()); // fetch tells nothing of what is sent
    const body = new FormData();
    body.append("file", upload.file);
    request.open("POST", this.#form.dataset.filesUrl);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
    request.upload.addEventListener("progress", ({ loaded, total }) => progress(upload, total ? loaded / total : 0));
    request.addEventListener("load", () => {
      if (request.status === 401) return signIn();
      if (upload.cancelled) {
        if (request.status === 201) this.#giveUp(request.response.id);
        return;
      }
      if (request.status === 201) arrived(upload, request.response.id);
      else fail(upload, request.response?.error?.detail || say("failed"), request.status < 500 && request.status !== 429);
      this.#pump();
    });
    request.addEventListener("error", () => {
      fail(upload, say("failed.network"));
      this.#pump();
    });
    request.send(body);
  }

  #retry(upload) {
    delete upload.problem;
    upload.element.classList.remove("failed");
    upload.element.querySelector("[data-retry]").hidden = true;
    upload.element.querySelector("[data-cancel]").focus();
    progress(upload, 0);
    this.#pump();
  }

  #cancel(upload) {
    const near = upload.element.nextElementSibling ?? upload.element.previousElementSibling;
    upload.cancelled = true;
    if (upload.id) this.#giveUp(upload.id);
    else if (!upload.sent) upload.request?.abort(); // else the server has it by now: its answer says what to delete
    upload.element.remove();
    this.#all = this.#all.filter((one) => one !== upload);
    (near?.querySelector("[data-cancel]") ?? this.#field).focus();
    announce(say("upload.cancelled", { name: upload.file.name }));
    this.#pump();
  }

  // A day later it goes by itself.
  #giveUp(id) {
    ask(`${this.#form.dataset.filesUrl}${id}/`, { method: "DELETE" }).catch(() => {});
  }

  #update() {
    this.#list.hidden = !this.any;
    this.#changed();
  }
}

function progress(upload, share) {
  upload.sent = share === 1;
  upload.element.querySelector("progress").value = share;
  upload.element.querySelector(".upload-state").textContent = `${Math.floor(100 * share)} %`;
}

function arrived(upload, id) {
  delete upload.request;
  upload.id = id;
  upload.element.classList.add("done");
  upload.element.querySelector("progress").value = 1;
  upload.element.querySelector(".upload-state").textContent = inWords(upload.file.size);
  announce(say("upload.done", { name: upload.file.name }));
}

// `final`: sending the same again would be refused again.
function fail(upload, problem, final = false) {
  delete upload.request;
  upload.problem = problem;
  upload.element.classList.add("failed");
  upload.element.querySelector(".upload-state").textContent = problem;
  upload.element.querySelector("[data-retry]").hidden = final;
  announce(`${upload.file.name}: ${problem}`);
}

addEventListener("beforeunload", (event) => [...places.values()].some((one) => one.underWay) && event.preventDefault());
