// Classic and in the head: the chosen theme is on the page before anything is painted.
(() => {
  try {
    const theme = localStorage.getItem("parley.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
    if (localStorage.getItem("parley.sidebar") === "closed") document.documentElement.dataset.sidebar = "closed";
  } catch {
    // Storage may be refused; the system's theme stays.
  }
})();
