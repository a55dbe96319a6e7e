import assert from "node:assert/strict";
import test from "node:test";
import { answer, page } from "./page.mjs";

const ERRORS = `<div id="errors" tabindex="-1"><a href="#id_name">Please type a name.</a></div>
  <form><input id="id_name" class="is-invalid" aria-invalid="true" aria-describedby="id_name_hint id_name_error">
  <div id="id_name_error" class="invalid-feedback">Please type a name.</div>
  <div id="error_id_teeth">Please choose at least one tooth.</div></form>`;
const PAGE = `<main><form action="/cases/new/" method="post">
  <input type="hidden" name="csrfmiddlewaretoken" value="old">
  <details><input id="id_name" aria-describedby="id_name_hint"><p id="id_name_hint">Hint</p></details>
  <div data-tooth-chart></div><button type="submit">Submit</button></form></main>`;

class Data {
  set(name, value) {
    this[name] = value;
  }
}
page("", { FormData: Data, setInterval: () => {} });
const { clear, show } = await import("../../static/js/form_errors.js");
const { check } = await import("../../static/js/submit_after_uploads.js");

const opened = () => {
  const document = page(PAGE);
  const errors = () => new DOMParser().parseFromString(`<html>${ERRORS}</html>`, "text/html");
  return { document, form: document.querySelector("form"), errors };
};

test("what is wrong is shown where a new page would show it", () => {
  const { document, form, errors } = opened();
  show(form, errors());
  const field = document.querySelector("#id_name");
  assert.equal(form.previousElementSibling.id, "errors");
  assert.ok(field.classList.contains("is-invalid"));
  assert.equal(field.getAttribute("aria-invalid"), "true");
  assert.equal(field.getAttribute("aria-describedby"), "id_name_hint id_name_error");
  assert.match(field.nextElementSibling.textContent, /type a name/);
  assert.ok(document.querySelector("details").hasAttribute("open"));
  assert.match(document.querySelector("[data-tooth-chart]").textContent, /one tooth/);
});

test("when it is looked over again nothing of that is left", () => {
  const { document, form, errors } = opened();
  show(form, errors());
  show(form, errors());
  assert.equal(document.querySelectorAll("#errors, #id_name_error, #error_id_teeth").length, 3);
  clear(form);
  const field = document.querySelector("#id_name");
  assert.equal(document.querySelectorAll("#errors, #id_name_error, #error_id_teeth").length, 0);
  assert.equal(field.getAttribute("aria-describedby"), "id_name_hint");
  assert.ok(!field.hasAttribute("aria-invalid"));
  assert.ok(!field.classList.contains("is-invalid"));
});

test("a question comes with what its answer is about", () => {
  const { document, form } = opened();
  const parse = (html) => new DOMParser().parseFromString(`<html>${html}</html>`, "text/html");
  show(form, parse('<div id="asked">Sure?</div><form><input name="asked" value="7"></form>'));
  assert.equal(form.previousElementSibling.id, "asked");
  assert.equal(form.querySelector("[name=asked]").value, "7");
  show(form, parse('<div id="errors">No name.</div><form></form>'));
  assert.equal(form.querySelector("[name=asked]"), null);
  assert.equal(document.querySelectorAll("#asked, #errors").length, 1);
});

for (const [words, given, found] of [
  ["a form with mistakes is given back", answer(422, ERRORS), true],
  ["a question too", answer(422, '<div id="asked">Sure?</div>'), true],
  ["a page that names no mistake is left to Submit", answer(422, "<p>No dentist</p>"), false],
  ["one that is in order is not", answer(204), false],
  ["who is signed out is asked when the form goes off", answer(200, "sign in"), false],
  ["without a connection the form waits", null, false],
]) {
  test(words, async () => {
    const { form } = opened();
    const asked = [];
    globalThis.fetch = async (address, { body }) => {
      asked.push([address, body.check]);
      if (!given) throw new Error("no line");
      return given;
    };
    assert.equal(Boolean(await check(form)), found);
    assert.equal(asked[0][1], "1");
  });
}
