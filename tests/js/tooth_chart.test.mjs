import assert from "node:assert/strict";
import test from "node:test";
import { fire, page } from "./page.mjs";

const CODES = ["3", "14", "19"];
const shape = (code) => `<g data-tooth="${code}" tabindex="-1"></g>`;
const box = (code) =>
  `<input type="checkbox" name="teeth" value="${code}" data-label="${code}" data-name="tooth ${code}">`;
const document = page(
  `<div data-sites><p data-no-teeth></p><div data-implants></div>
     <template data-site-template><div class="site"><label><strong></strong> <span></span></label><input>
     </div></template></div>
   <div data-tooth-chart>${CODES.map(shape).join("")}${CODES.map(box).join("")}</div>`,
);
await import("../../static/js/tooth_chart.js");
const tooth = (code) => document.querySelector(`[data-tooth="${code}"]`);
const sites = () => [...document.querySelectorAll(".site")].map((site) => site.dataset.site);

test("a click selects a tooth, ticks its box and asks for its implant, in the chart's order", () => {
  for (const code of ["19", "3"]) fire(tooth(code), "click");
  assert.equal(tooth("3").getAttribute("aria-checked"), "true");
  assert.equal(document.querySelector("input[value='3']").checked, true);
  assert.deepEqual(sites(), ["3", "19"]);
  assert.equal(document.querySelector("#id_implant_19").name, "implant_19");
  assert.ok(document.querySelector("[data-no-teeth]").hidden);
});

test("a box that is ticked shows in the chart", () => {
  const ticked = document.querySelector("input[value='14']");
  ticked.checked = true;
  fire(ticked, "change");
  assert.ok(tooth("14").classList.contains("is-selected"));
  assert.deepEqual(sites(), ["3", "14", "19"]);
});

test("what was typed for a tooth comes back with it", () => {
  document.querySelector("#id_implant_14").value = "Nobel";
  fire(tooth("14"), "click");
  assert.deepEqual(sites(), ["3", "19"]);
  fire(tooth("14"), "click");
  assert.equal(document.querySelector("#id_implant_14").value, "Nobel");
});

test("arrows go round the chart, Space chooses, other keys are the browser's", () => {
  assert.ok(!fire(tooth("3"), "keydown", { key: "ArrowLeft" }));
  assert.equal(tooth("19").getAttribute("tabindex"), "0");
  assert.equal(tooth("3").getAttribute("tabindex"), "-1");
  fire(tooth("19"), "keydown", { key: " " });
  assert.equal(tooth("19").getAttribute("aria-checked"), "false");
  assert.ok(fire(tooth("19"), "keydown", { key: "Tab" }));
});
