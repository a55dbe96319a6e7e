import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

const document = page(
  `<form data-autosave="/cases/drafts/7/" data-draft-url="/cases/new/?draft=7">
     <input name="csrfmiddlewaretoken" value="old"><input name="patient">
     <span data-autosave-status></span></form>`,
  { FormData: class {}, history: {}, fetch: null },
);
const { sentence } = await import("../../static/js/autosave.js");
const form = document.querySelector("form");
const said = () => form.querySelector("span").textContent;

for (const [status, body, words] of [
  [204, "", /^What you typed is kept \(\d+:\d\d [AP]M\)\.$/],
  [200, "Too long.", /^Too long\.$/],
  [401, "", /^You are signed out/],
  [429, "Too often.", /^Too often\.$/],
  [500, "", /^What you type cannot be kept now/],
]) {
  test(`the answer ${status} is told in words`, async () => {
    assert.match(await sentence(answer(status, body)), words);
  });
}

test("no answer is no connection", async () => {
  assert.match(await sentence(null), /^No connection/);
});

test("what is typed goes off once the keys rest, with the token of now", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked = [];
  globalThis.fetch = async (...rest) => asked.push(rest) && answer(204);
  const replaced = new Promise((resolve) => {
    history.replaceState = (_state, _title, address) => resolve(address);
  });
  Object.defineProperty(document, "cookie", { value: "a=b; __Host-csrftoken=new" });
  fire(form, "input");
  t.mock.timers.tick(799);
  fire(form, "change");
  t.mock.timers.tick(799);
  assert.equal(asked.length, 0);
  t.mock.timers.tick(1);
  assert.equal(await replaced, "/cases/new/?draft=7");
  assert.equal(asked[0][0], "/cases/drafts/7/");
  assert.equal(asked[0][1].headers["X-CSRFToken"], "new");
  assert.match(said(), /is kept/);
});

test("a form that is sent carries the new token and is kept no more", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.fetch = () => assert.fail("it was kept again");
  fire(form, "input");
  fire(form, "submit");
  t.mock.timers.tick(1000);
  assert.equal(form.querySelector("input").value, "new");
});
