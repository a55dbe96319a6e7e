// Chart and checkboxes show the same teeth; the checkboxes are what the form sends.
const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

const by = (elements, key) => new Map([...elements].map((element) => [key(element), element]));

export class ToothChart {
  typed = new Map(); // Code → implant; kept while the page is open, should the tooth come back.

  constructor(chart) {
    this.shapes = by(chart.querySelectorAll("[data-tooth]"), (shape) => shape.dataset.tooth);
    this.boxes = by(chart.querySelectorAll("input[name=teeth]"), (box) => box.value);
    // Beside the chart, or where the implant systems are asked for.
    const sites = chart.querySelector("[data-sites]") || document.querySelector("[data-sites]");
    this.sites = sites.querySelector("[data-implants]");
    this.hint = sites.querySelector("[data-no-teeth]");
    this.template = sites.querySelector("[data-site-template]");
  }

  addSite(box) {
    const site = this.template.content.firstElementChild.cloneNode(true);
    const input = site.querySelector("input");
    site.dataset.site = box.value;
    input.name = `implant_${box.value}`;
    input.id = `id_${input.name}`;
    input.value = this.typed.get(box.value) || "";
    site.querySelector("label").htmlFor = input.id;
    site.querySelector("strong").textContent = box.dataset.label;
    site.querySelector("span").textContent = box.dataset.name;
    const order = [...this.boxes.keys()];
    const isAfter = (other) => order.indexOf(other.dataset.site) > order.indexOf(box.value);
    this.sites.insertBefore(site, [...this.sites.children].find(isAfter) || null);
  }

  removeSite(site) {
    this.typed.set(site.dataset.site, site.querySelector("input").value);
    site.remove();
  }

  show(box) {
    const shape = this.shapes.get(box.value);
    shape.classList.toggle("is-selected", box.checked);
    shape.setAttribute("aria-checked", box.checked);
    const site = this.sites.querySelector(`[data-site="${box.value}"]`);
    if (box.checked && !site) this.addSite(box);
    if (!box.checked && site) this.removeSite(site);
    this.hint.hidden = this.sites.children.length > 0;
  }

  toggle(shape) {
    const box = this.boxes.get(shape.dataset.tooth);
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }

  pressed(shape, event) {
    const order = [...this.shapes.values()];
    if (event.key === " " || event.key === "Enter") this.toggle(shape);
    else if (event.key in STEPS) {
      const place = order.indexOf(shape) + STEPS[event.key] + order.length;
      this.focusOn(order[place % order.length]);
    } else return;
    event.preventDefault();
  }

  focusOn(shape) {
    for (const other of this.shapes.values()) other.setAttribute("tabindex", "-1");
    shape.setAttribute("tabindex", "0");
    shape.focus();
  }

  listen() {
    for (const box of this.boxes.values()) box.addEventListener("change", () => this.show(box));
    for (const shape of this.shapes.values()) {
      shape.addEventListener("click", () => this.toggle(shape));
      shape.addEventListener("keydown", (event) => this.pressed(shape, event));
    }
    // A browser that goes back restores the ticks without telling anybody.
    addEventListener("pageshow", () => this.boxes.forEach((box) => this.show(box)));
  }
}

for (const chart of document.querySelectorAll("[data-tooth-chart]")) new ToothChart(chart).listen();
