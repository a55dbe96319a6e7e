// Chart and checkboxes show the same teeth; the checkboxes are what the form sends.
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("[data-tooth-chart]").forEach((chart) => {
    const shapes = new Map();
    chart.querySelectorAll("[data-tooth]").forEach((shape) => shapes.set(shape.dataset.tooth, shape));
    const boxes = new Map();
    chart.querySelectorAll("input[name=teeth]").forEach((box) => boxes.set(box.value, box));
    const sites = chart.querySelector("[data-implants]");
    const hint = chart.querySelector("[data-no-teeth]");
    const template = chart.querySelector("[data-site-template]");
    const typed = new Map();

    function addSite(box) {
      const site = template.content.firstElementChild.cloneNode(true);
      const input = site.querySelector("input");
      site.dataset.site = box.value;
      input.id = `id_implant_${box.value}`;
      input.name = `implant_${box.value}`;
      input.value = typed.get(box.value) || "";
      site.querySelector("label").htmlFor = input.id;
      site.querySelector("strong").textContent = box.dataset.label;
      site.querySelector("span").textContent = box.dataset.name;
      const order = [...boxes.keys()];
      const next = [...sites.children].find(
        (other) => order.indexOf(other.dataset.site) > order.indexOf(box.value)
      );
      sites.insertBefore(site, next || null);
    }

    function show(box) {
      const shape = shapes.get(box.value);
      shape.classList.toggle("is-selected", box.checked);
      shape.setAttribute("aria-checked", box.checked);
      const site = sites.querySelector(`[data-site="${box.value}"]`);
      if (box.checked && !site) addSite(box);
      if (!box.checked && site) {
        // Kept while the page is open, should the tooth be chosen again.
        typed.set(box.value, site.querySelector("input").value);
        site.remove();
      }
      hint.hidden = sites.children.length > 0;
    }

    function toggle(code) {
      const box = boxes.get(code);
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    }

    function focusOn(shape) {
      shapes.forEach((other) => other.setAttribute("tabindex", other === shape ? "0" : "-1"));
      shape.focus();
    }

    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    boxes.forEach((box) => box.addEventListener("change", () => show(box)));
    const order = [...shapes.values()];
    order.forEach((shape, index) => {
      shape.addEventListener("click", () => toggle(shape.dataset.tooth));
      shape.addEventListener("keydown", (event) => {
        if (event.key === " " || event.key === "Enter") toggle(shape.dataset.tooth);
        else if (event.key in steps) {
          focusOn(order[(index + steps[event.key] + order.length) % order.length]);
        } else return;
        event.preventDefault();
      });
    });
    // A browser that goes back restores the ticks without telling anybody.
    window.addEventListener("pageshow", () => boxes.forEach(show));
  });
});
