// Menus marked data-menu close by themselves; a button marked data-toggle-menu opens the menu that
// it controls, on small screens.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", ({ target }) => {
  for (const menu of openMenus()) {
    if (!menu.contains(target)) menu.removeAttribute("open");
  }
  const button = target.closest("[data-toggle-menu]");
  if (!button) return;
  const menu = document.getElementById(button.getAttribute("aria-controls"));
  button.setAttribute("aria-expanded", String(menu.classList.toggle("is-open")));
});

document.addEventListener("keydown", ({ key }) => {
  const [menu] = openMenus();
  if (key !== "Escape" || !menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
});
