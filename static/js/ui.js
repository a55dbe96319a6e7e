/*
 * Light, dark or system theme; the menu on small screens; messages that can be put away.
 * Loaded in the head without defer: the theme must be known before the first pixel.
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

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (menu !== except) menu.open = false;
    }
  };

  show(chosen());
  system.addEventListener("change", () => show(chosen()));
  document.addEventListener("DOMContentLoaded", () => show(chosen()));

  document.addEventListener("click", (event) => {
    const target = event.target.closest("button, summary") || event.target;
    closeMenus(event.target.closest("details[data-menu]"));
    if (target.matches("[data-theme-choice]")) keep(target.dataset.themeChoice);
    if (target.matches("[data-dismiss]")) target.closest(".alert").remove();
    if (target.matches("[data-toggle-menu]")) {
      const menu = document.getElementById(target.getAttribute("aria-controls"));
      target.setAttribute("aria-expanded", String(menu.classList.toggle("is-open")));
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details[data-menu][open]");
    if (open) {
      open.open = false;
      open.querySelector("summary").focus();
    }
  });
})();
