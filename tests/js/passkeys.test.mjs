import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

page("", { PublicKeyCredential: class {} });
const { attach, options, sentence } = await import("../../static/js/passkeys.js");

const formOf = (what, more = "") => {
  const document = page(
    `<form data-passkey="${what}" ${more} hidden><input name="credential"><p data-passkey-news></p></form>
     <script type="application/json" id="passkey-options">
       {"creation_options": {"publicKey": {"authenticatorSelection": {}}}, "request_options": 5}
     </script>`,
  );
  const form = document.querySelector("form");
  const sent = new Promise((resolve) => {
    form.submit = () => resolve(JSON.parse(form.querySelector("input").value));
  });
  attach(form);
  return { form, sent };
};

test("what a browser refuses is told in words", () => {
  assert.match(sentence({ name: "NotAllowedError" }), /cancelled/);
  assert.equal(sentence(new Error("Its own words.")), "Its own words.");
});

test("a form is shown, asks for a passkey and sends it", async () => {
  globalThis.webauthnJSON = { get: async (asked) => ({ given: asked }) };
  const { form, sent } = formOf("get");
  assert.equal(form.hidden, false);
  assert.ok(!fire(form, "submit"));
  assert.deepEqual(await sent, { given: 5 });
});

test("a new passkey is one that the device keeps, when it can", async () => {
  globalThis.webauthnJSON = { create: async (asked) => asked.publicKey.authenticatorSelection };
  const { form, sent } = formOf("create");
  fire(form, "submit");
  assert.equal((await sent).residentKey, "preferred");
});

test("options come from where the form says, or not at all", async () => {
  const { form } = formOf("get", 'data-options-at="/passkey/"');
  globalThis.fetch = async () => answer(200, '{"request_options": 1}');
  assert.deepEqual(await options(form), { request_options: 1 });
  globalThis.fetch = async () => answer(429);
  await assert.rejects(options(form), /Too many tries/);
  globalThis.fetch = async () => answer(500);
  await assert.rejects(options(form), /did not answer/);
});
