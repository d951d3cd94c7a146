// Classic and in the head: what was chosen for this device is on the page before anything is painted.
(() => {
  const root = document.documentElement;
  const contrast = matchMedia("(prefers-contrast: more)");
  const chosen = (name) => {
    try {
      return localStorage.getItem(`parley.${name}`);
    } catch {
      return null; // Storage may be refused; the system's choice stays.
    }
  };
  const mark = (name, value) => (value ? (root.dataset[name] = value) : delete root.dataset[name]);
  const draw = () => {
    const theme = chosen("theme");
    mark("theme", ["light", "dark"].includes(theme) && theme);
    mark("contrast", (chosen("contrast") === "more" || contrast.matches) && "more");
    mark("density", chosen("density") === "compact" && "compact");
    mark("sidebar", chosen("sidebar") === "closed" && "closed");
  };
  draw();
  contrast.addEventListener("change", draw);
  addEventListener("storage", draw); // chosen in another tab
  document.addEventListener("parley:theme", draw);
})();
