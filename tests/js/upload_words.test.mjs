import assert from "node:assert/strict";
import test from "node:test";
import { chosen, dropped } from "../../static/js/upload_drop.js";
import { amount, size, timeLeft, words } from "../../static/js/upload_words.js";

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
    "1.0 of 4.0 KB · 25 % · 512 bytes/s, 6 s left",
  );
  assert.equal(told({ state: "sending", news: "Again." }), "1.0 of 4.0 KB · 25 % · Again.");
  assert.match(told({ state: "waiting" }), /nothing is lost$/);
  assert.equal(told({ state: "failed", reason: "Too large." }), "4.0 KB · Too large.");
  assert.equal(told({ state: "paused", file: { size: 0 } }), "0 of 0 bytes · 0 % · Paused");
});

test("what is sent is said in the unit of the whole", () => {
  const said = [
    [58 * 1024 ** 2, 260 * 1024 ** 2],
    [512, 1024],
    [3, 700],
  ].map(([sent, total]) => amount(sent, total));
  assert.deepEqual(said, ["58 of 260 MB", "0.5 of 1.0 KB", "3 of 700 bytes"]);
});

// As a browser hands over what is dropped: a folder gives its entries in portions, then none.
const fileEntry = (name) => ({ isFile: true, name, file: (give) => give(`the file ${name}`) });
const folderEntry = (name, ...portions) => ({
  isFile: false,
  name,
  createReader: () => ({ readEntries: (give) => give(portions.shift() ?? []) }),
});
const item = (entry) => ({ kind: "file", webkitGetAsEntry: () => entry });
const many = (count, from = 0) =>
  Array.from({ length: count }, (_, n) => fileEntry(`${from + n}.dcm`));

test("a folder is taken with all in it, to any depth and beyond 100 entries", async () => {
  const deep = folderEntry("DICOM", [folderEntry("1", many(100), many(30, 100))]);
  const found = await dropped([item(folderEntry("CD", [fileEntry("a.txt"), deep]))]);
  assert.equal(found.length, 131);
  assert.deepEqual(found[0], { file: "the file a.txt", path: "CD/a.txt" });
  assert.equal(found[130].path, "CD/DICOM/1/129.dcm");
});

test("files come beside folders, and what is no file stays away", async () => {
  const text = { kind: "string", webkitGetAsEntry: () => null };
  const plain = {
    kind: "file",
    webkitGetAsEntry: () => null,
    getAsFile: () => new File([], "b.stl"),
  };
  const found = await dropped([item(fileEntry("a.stl")), text, plain]);
  assert.deepEqual(
    found.map(({ path }) => path),
    ["a.stl", "b.stl"],
  );
});

test("a folder that cannot be read, or is a whole disk, is said and not sent", async () => {
  const broken = {
    isFile: false,
    name: "CD",
    createReader: () => ({ readEntries: (_, no) => no() }),
  };
  await assert.rejects(dropped([item(broken)]), /^Error: “CD” cannot be read on this computer/);
  const disk = folderEntry("C", many(10_002));
  await assert.rejects(dropped([item(disk)]), /more than 10,000 files/);
});

test("of a chosen folder the files have their folders, and chosen files none", () => {
  const files = [{ name: "a.dcm", webkitRelativePath: "CD/a.dcm" }, { name: "b.stl" }];
  assert.deepEqual(
    chosen({ files }).map(({ path }) => path),
    ["CD/a.dcm", "b.stl"],
  );
});
