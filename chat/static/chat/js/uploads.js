// Files on their way into the next message: chosen, pasted or dropped, a few at a time, with progress, cancel and retry.
import { inWords } from "./files.js";
import { ask, clone, signIn } from "./page.js";
import { announce, say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const TOGETHER = 3;
const MOST = 20; // files of one message
const list = document.getElementById("uploads");
const form = document.getElementById("composer");
let uploads = []; // {file, element, request?, id?, problem?}
let changed = () => {};

export const uploading = () => uploads.some((one) => !one.id);

/** Why nothing can be sent while `uploading()`. */
export const whyNot = () => say(uploads.some((one) => one.problem) ? "upload.failed" : "upload.wait");
export const hasUploads = () => uploads.length > 0;

/** Take what is uploaded: `{ids, names}` for one message. Call only when nothing is on its way. */
export function takeUploads() {
  const taken = uploads;
  uploads = [];
  for (const { element } of taken) element.remove();
  update();
  return { ids: taken.map((one) => one.id).join(","), names: taken.map((one) => one.file.name) };
}

/** Attach to the composer; `whenChanged` is called when it may have become possible to send, or impossible. */
export function startUploads(whenChanged) {
  changed = whenChanged;
  const input = document.getElementById("composer-files");
  document.getElementById("composer-attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add(input.files);
    input.value = "";
  });
  document.getElementById("composer-text").addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length || event.clipboardData.getData("text/plain")) return; // words come first
    event.preventDefault();
    add(event.clipboardData.files);
  });
  takeDrops(document.getElementById("room"));
  addEventListener("beforeunload", (event) => uploads.some((one) => one.request) && event.preventDefault());
}

function takeDrops(place) {
  const hint = document.getElementById("drop-hint");
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
    add(event.dataTransfer.files);
    document.getElementById("composer-text").focus();
  });
}

function add(files) {
  for (const file of files) {
    if (uploads.length === MOST) {
      toastProblem(say("upload.many", { n: MOST }));
      break;
    }
    const upload = { file, element: clone("template-upload") };
    const find = (selector) => upload.element.querySelector(selector);
    find(".upload-name").textContent = file.name;
    find("progress").setAttribute("aria-label", file.name);
    find("[data-cancel]").setAttribute("aria-label", say("upload.cancel", { name: file.name }));
    find("[data-cancel]").addEventListener("click", () => cancel(upload));
    find("[data-retry]").addEventListener("click", () => retry(upload));
    if (file.size > Number(form.dataset.largest)) fail(upload, say("upload.large", { most: inWords(Number(form.dataset.largest)) }), true);
    list.append(upload.element);
    uploads.push(upload);
  }
  pump();
}

function pump() {
  for (const upload of uploads) {
    if (uploads.filter((one) => one.request).length >= TOGETHER) break;
    if (!upload.request && !upload.id && !upload.problem) send(upload);
  }
  update();
}

function send(upload) {
  const request = (upload.request = new XMLHttpRequest()); // fetch tells nothing of what is sent
  const body = new FormData();
  body.append("file", upload.file);
  request.open("POST", form.dataset.filesUrl);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
  request.upload.addEventListener("progress", ({ loaded, total }) => progress(upload, total ? loaded / total : 0));
  request.addEventListener("load", () => {
    if (request.status === 401) return signIn();
    if (upload.cancelled) {
      if (request.status === 201) giveUp(request.response.id);
      return;
    }
    if (request.status === 201) arrived(upload, request.response.id);
    else fail(upload, request.response?.error?.detail || say("failed"), request.status < 500 && request.status !== 429);
    pump();
  });
  request.addEventListener("error", () => {
    fail(upload, say("failed.network"));
    pump();
  });
  request.send(body);
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

function retry(upload) {
  delete upload.problem;
  upload.element.classList.remove("failed");
  upload.element.querySelector("[data-retry]").hidden = true;
  upload.element.querySelector("[data-cancel]").focus();
  progress(upload, 0);
  pump();
}

function cancel(upload) {
  const near = upload.element.nextElementSibling ?? upload.element.previousElementSibling;
  upload.cancelled = true;
  if (upload.id) giveUp(upload.id);
  else if (!upload.sent) upload.request?.abort(); // else the server has it by now: its answer says what to delete
  upload.element.remove();
  uploads = uploads.filter((one) => one !== upload);
  (near?.querySelector("[data-cancel]") ?? document.getElementById("composer-text")).focus();
  announce(say("upload.cancelled", { name: upload.file.name }));
  pump();
}

// A day later it goes by itself.
const giveUp = (id) => ask(`${form.dataset.filesUrl}${id}/`, { method: "DELETE" }).catch(() => {});

function update() {
  list.hidden = !uploads.length;
  changed();
}
