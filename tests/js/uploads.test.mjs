import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

const document = page(
  `<form><div data-uploads data-form="f" data-answers="" data-endpoint="/files/" data-sign-in="/in/">
     <label class="upload-box"><input type="file"></label><p data-upload-news></p>
     <ul data-upload-running></ul>
     <ul data-upload-kept="/files/?form=f"><li data-upload="77"><button data-remove="/files/77"></li></ul>
     <template data-upload-item><li><div><span data-folder></span><span data-name></span></div>
       <details data-parts hidden><summary></summary><ul></ul></details>
       <span data-kind></span><span data-words></span><a data-sign-in hidden></a>
       <progress></progress><button data-do="pause"></button><button data-do="start"></button>
       <button data-do="remove"></button></li></template>
   </div><button type="submit">Submit</button></form>`,
);
// Nothing ticks, and the test ends.
globalThis.setInterval = () => {};
const { default: Transfer } = await import("../../static/js/transfer.js");
// The line to the server is played: what goes over it is for the tests in a browser.
Transfer.prototype.start = function () {
  this.become("sending");
};
Transfer.prototype.remove = async () => {};
const file = (name) => new File(["12345"], name, { lastModified: 1 });
document.querySelector("input").files = [file("early.stl")];
const uploads = await import("../../static/js/uploads.js");
const { sentence } = await import("../../static/js/kept_files.js");
await import("../../static/js/submit_after_uploads.js");

const $ = (selector) => document.querySelector(selector);
const form = $("form");
const transfers = () => uploads.of(form).map(({ transfer }) => transfer);
const states = () => transfers().map(({ state }) => state);
const said = () => $("[data-upload-news]").textContent;
// Without a worker, what is chosen is sent unread.
const read = () => new Promise((resolve) => setTimeout(resolve));
const choose = async (...names) => {
  const input = $("input[type=file]");
  input.files = names.map(file);
  fire(input, "change");
  await read();
};
const clear = () => {
  while (transfers().length) transfers()[0].become("done");
};

test("what was chosen before the script was here begins with it", async () => {
  await read();
  assert.deepEqual(
    transfers().map(({ file }) => file.name),
    ["early.stl"],
  );
  clear();
});

test("three files go at once, the fourth waits for its turn", async () => {
  await choose("1.stl", "2.stl", "3.stl", "4.stl");
  assert.deepEqual(states(), ["sending", "sending", "sending", "queued"]);
  assert.equal($("[data-upload-running]").children.length, 4);
  transfers()[0].become("done");
  assert.equal(said(), "1.stl has arrived.");
  assert.deepEqual(states(), ["sending", "sending", "sending"]);
  clear();
});

test("a line offers what can be done with its file", async () => {
  await choose("one.stl");
  const [transfer] = transfers();
  transfer.become("failed", "Too large.");
  assert.equal(said(), "one.stl: Too large.");
  assert.equal($("[data-do=start]").textContent, "Retry");
  assert.ok($("[data-do=pause]").hidden);
  fire($("[data-do=start]"), "click");
  assert.equal(said(), "It goes on.");
  assert.ok($("[data-do=start]").hidden);
  fire($("[data-do=remove]"), "click");
  assert.deepEqual(states(), []);
});

test("the server's list leaves out what this page is sending", async () => {
  await choose("one.stl");
  transfers()[0].upload.url = "/files/77";
  transfers()[0].become("sending");
  assert.ok(uploads.isRunning("77"));
  assert.ok($("[data-upload='77']").hidden);
  clear();
  assert.ok(!$("[data-upload='77']").hidden);
});

test("what became of a removal is told", async () => {
  assert.match(await sentence(null), /no connection/);
  assert.equal(await sentence(answer(204)), "The file is removed.");
  assert.equal(await sentence(answer(404)), "The file is removed.");
  assert.equal(await sentence(answer(409, "It belongs to a case.")), "It belongs to a case.");
});

/* What the server says of the form while its files are on their way, and that it was heard. */
const looksOver = async (given) => {
  globalThis.FormData = class {
    set() {}
  };
  // The list of kept files is asked for as well, and nobody answers.
  globalThis.fetch = async (_address, options) => (options ? given : null);
  await new Promise((resolve) => setTimeout(resolve));
};

test("a form waits for its files and then goes off by itself", async () => {
  const sent = [];
  form.requestSubmit = (button) => sent.push(button);
  const button = $("[type=submit]");
  await choose("late.stl");
  const heard = looksOver(answer(204));
  assert.ok(!fire(form, "submit", { submitter: button }));
  assert.ok(button.disabled);
  await heard;
  assert.match($("[data-uploads-note]").textContent, /goes off by itself/);
  transfers()[0].become("done");
  assert.deepEqual(sent, [button]);
  assert.ok(!button.disabled);
  assert.ok(fire(form, "submit"));
});

test("a form with mistakes is given back at once, and its files go on", async () => {
  await choose("late.stl");
  const wrong = '<html><body><div id="errors">Please type a name.</div></body></html>';
  const heard = looksOver(answer(422, wrong));
  fire(form, "submit", { submitter: $("[type=submit]") });
  await heard;
  assert.ok(!$("[type=submit]").disabled);
  assert.match($("#errors").textContent, /type a name/);
  assert.equal(transfers()[0].state, "sending");
  transfers()[0].become("done");
  assert.match($("[data-uploads-note]").textContent, /Your files go on/);
});

test("a file that fails gives the form back", async () => {
  await choose("bad.stl");
  const heard = looksOver(answer(204));
  fire(form, "submit", { submitter: $("[type=submit]") });
  await heard;
  transfers()[0].become("failed", "Too large.");
  assert.ok(!$("[type=submit]").disabled);
  assert.match($("[data-uploads-note]").textContent, /could not be sent/);
  clear();
});
