// `hx-confirm` asks in a dialog of the page's own.
const dialog = document.getElementById("confirm-dialog");
let answer = null;

document.addEventListener("htmx:confirm", (event) => {
  const { ctx, issueRequest, dropRequest } = event.detail;
  event.preventDefault();
  dialog.querySelector("p").textContent = ctx.confirm;
  dialog.querySelector("[value=yes]").textContent = ctx.sourceElement.textContent.trim() || ctx.sourceElement.title;
  answer = () => (dialog.returnValue === "yes" ? issueRequest() : dropRequest());
  dialog.returnValue = "";
  dialog.showModal();
});
dialog.addEventListener("close", () => {
  answer?.();
  answer = null;
});
