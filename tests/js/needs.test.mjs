import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

const FORM = `<form><input name="patient_name" value="Ann"><input name="description">
  <details><div data-uploads data-answers=""><input type="file"></div></details>
  <div data-needs="/cases/needs/"><button data-upload-for>Upload</button></div></form>`;
const asked = []; // What went to the server: fields by name.
const planned = []; // [what, pause] of timers.
let given = []; // What the server answers.

class Data {
  constructor(form) {
    this.form = form;
    this.fields = new Map([["csrfmiddlewaretoken", "old"]]);
    fire(form, "formdata", { formData: this });
  }
  set(name, value) {
    this.fields.set(name, value);
  }
  delete(name) {
    this.fields.delete(name);
  }
}
const document = page("", {
  FormData: Data,
  fetch: async (_address, { body }) => {
    asked.push(Object.fromEntries(body.fields));
    return given.shift();
  },
  setInterval: () => {},
  setTimeout: (then, pause) => planned.push([then, pause]),
});
const { attach } = await import("../../static/js/needs.js");
document.body.innerHTML = FORM;
const $ = (selector) => document.querySelector(selector);
attach($("[data-needs]"));

const says = (words, more = {}) =>
  answer(
    200,
    JSON.stringify({ html: `<p>${words}</p>`, chosen: {}, kinds: {}, isRead: true, ...more }),
  );
const timeComes = async () => {
  const [[then, pause]] = planned.splice(0).slice(-1);
  await then();
  return pause;
};

test("the list follows the patient and the teeth, and no other field", async () => {
  given = [says("no CBCT")];
  fire($("[name=description]"), "change");
  assert.equal(planned.length, 0);
  fire($("[name=patient_name]"), "change");
  await timeComes();
  assert.equal($("[data-needs]").textContent, "no CBCT");
  assert.ok(!("csrfmiddlewaretoken" in asked.at(-1)));
});

test("while the server reads, it is asked again", async () => {
  const pending = '<li class="need is-pending">Not all files are read yet.</li>';
  given = [says("on its way", { isRead: false }), says(pending), says("there")];
  fire($("form"), "uploads:stale");
  await timeComes();
  // Less and less often, and a page of files that came before as well.
  assert.equal(await timeComes(), 1000);
  assert.equal(await timeComes(), 2000);
  assert.equal($("[data-needs]").textContent, "there");
  assert.equal(planned.length, 0);
});

test("what was read here is asked about at once; what was not says nothing", async () => {
  const kinds = [];
  const item = {
    key: "7",
    transfer: { file: { name: "ct.zip", size: 9 } },
    says: (k) => kinds.push(k),
  };
  given = [says("12 slices", { chosen: { 7: "token" }, kinds: { 7: "CBCT" } })];
  const waits = [];
  const found = [
    { item, heads: { container: "zip" } },
    { item: { key: "8" }, heads: null },
  ];
  const detail = { form: $("form"), found, wait: (promise) => waits.push(promise) };
  document.dispatchEvent(new CustomEvent("uploads:found", { detail }));
  await Promise.all(waits);
  assert.deepEqual(JSON.parse(asked.at(-1).heads), {
    7: { name: "ct.zip", size: 9, heads: { container: "zip" } },
  });
  assert.deepEqual(kinds, ["CBCT"]);
  assert.equal($("[data-needs]").textContent, "12 slices");
});

test("without an answer the list stays as it was", async () => {
  given = [answer(500), undefined];
  for (const _ of [1, 2]) {
    fire($("form"), "uploads:stale");
    await timeComes();
  }
  assert.equal($("[data-needs]").textContent, "12 slices");
});

test("the button at a missing line opens the box", () => {
  $("[data-needs]").innerHTML = "<button data-upload-for>Upload</button>";
  let opened = 0;
  $("input[type=file]").click = () => {
    opened += 1;
  };
  fire($("[data-upload-for]"), "click");
  assert.equal(opened, 1);
  assert.ok($("details").hasAttribute("open"));
});
