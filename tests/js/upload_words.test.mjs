import assert from "node:assert/strict";
import test from "node:test";
import { dropped } from "../../static/js/upload_drop.js";
import { size, timeLeft, words } from "../../static/js/upload_words.js";

test("sizes are said in the unit that suits", () => {
  const sizes = [0, 1023, 1024, 1536 * 1024, 3 * 1024 ** 3, 5 * 1024 ** 5].map(size);
  assert.deepEqual(sizes, ["0 bytes", "1023 bytes", "1.0 KB", "1.5 MB", "3.0 GB", "5120.0 TB"]);
});

test("the time that is left is rounded up and never false", () => {
  const times = [null, 0.2, 61, 5400].map(timeLeft);
  assert.deepEqual(times, ["", ", 1 s left", ", 2 min left", ", 1.5 h left"]);
});

test("each state of a file is said", () => {
  const file = { size: 4096 };
  const told = (more) => words({ file, sent: 1024, rate: 0, news: "", reason: "", ...more });
  assert.equal(told({ state: "queued" }), "4.0 KB · Waiting for its turn");
  assert.equal(
    told({ state: "sending", rate: 512, secondsLeft: 6 }),
    "4.0 KB · 25 % · 512 bytes/s, 6 s left",
  );
  assert.equal(told({ state: "sending", news: "Again." }), "4.0 KB · 25 % · Again.");
  assert.match(told({ state: "waiting" }), /nothing is lost$/);
  assert.equal(told({ state: "failed", reason: "Too large." }), "4.0 KB · Too large.");
  assert.equal(told({ state: "paused", file: { size: 0 } }), "0 bytes · 0 % · Paused");
});

test("of what is dropped, folders and text are left out", () => {
  const entry = (kind, isDirectory) => ({
    kind,
    webkitGetAsEntry: () => ({ isDirectory }),
    getAsFile: () => "a file",
  });
  const items = [entry("file", false), entry("file", true), entry("string", false)];
  assert.deepEqual(dropped(items), { files: ["a file"], hasFolder: true });
  assert.deepEqual(dropped(items.slice(0, 1)), { files: ["a file"], hasFolder: false });
});
