// A button that copies the text of a field: <button data-copy="id of the field" data-done="Copied">.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // without https there is no clipboard for scripts
    }
    button.textContent = button.dataset.done;
  });
}
