// What nobody else answers for, such as a part of the page that could not be loaded when it was asked for.
import { Refused } from "./page.js";
import { say } from "./strings.js";
import { toastProblem } from "./toasts.js";

const isUnloaded = (reason) => reason instanceof TypeError && /module/i.test(reason.message); // each browser in its own words

addEventListener("unhandledrejection", (event) => {
  const { reason } = event;
  if (!(reason instanceof Refused) && !isUnloaded(reason)) return;
  event.preventDefault();
  toastProblem(reason.detail || say("failed.network"));
});
