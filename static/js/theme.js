/*
 * Light, dark or system theme. No module, and loaded in the head without defer: the theme must
 * be known before the first pixel, and a module comes after it.
 */
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");

  const chosen = () => {
    try {
      // The admin pages keep their choice under the same name, and call this one "auto".
      const kept = localStorage.getItem("theme");
      return ["light", "dark"].includes(kept) ? kept : "system";
    } catch {
      return "system"; // Storage is closed in some private windows.
    }
  };

  const show = (choice) => {
    const dark = choice === "dark" || (choice === "system" && system.matches);
    root.dataset.bsTheme = dark ? "dark" : "light";
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };

  const keep = (choice) => {
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // The choice then lasts for this page only.
    }
    show(choice);
  };

  show(chosen());
  system.addEventListener("change", () => show(chosen()));
  document.addEventListener("DOMContentLoaded", () => show(chosen()));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (button) keep(button.dataset.themeChoice);
  });
})();
