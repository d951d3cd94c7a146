// Classic and in the head: a button pressed before the modules have begun is pressed again when they have. Links and forms
// need no help, they lead to whole pages. Where `blocking="render"` is known, nobody sees a button before.
(() => {
  let pressed = null;
  const hold = (event) => {
    const button = event.target.closest?.("button[type=button]:not([popovertarget])");
    if (!button) return;
    event.stopImmediatePropagation();
    pressed = button;
  };
  addEventListener("click", hold, true);
  // Comes when every module has run.
  document.addEventListener("DOMContentLoaded", () => {
    removeEventListener("click", hold, true);
    pressed?.click();
  });
})();
