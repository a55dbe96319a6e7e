import assert from "node:assert/strict";
import test from "node:test";
import { page } from "./page.mjs";

page("");
const { default: Transfer } = await import("../../static/js/transfer.js");
const { canWait, isHealed, sentence } = await import("../../static/js/upload_answers.js");
const { fingerprint, storage } = await import("../../static/js/upload_memory.js");

const response = (status, headers = {}, body = "") => ({
  getStatus: () => status,
  getHeader: (name) => headers[name] ?? null,
  getBody: () => body,
});

const MEGABYTE = 1024 ** 2;
/* A file of this size; of one that is gone, as of one that was changed, no byte can be read. */
const chosen = (size, isGone) => ({
  name: "jaw.stl",
  size,
  lastModified: 1,
  slice: () =>
    isGone ? { arrayBuffer: () => Promise.reject(new Error("gone")) } : new Blob(["a"]),
});

const made = (size = 10 * MEGABYTE, isGone = false) => {
  const seen = [];
  const file = chosen(size, isGone);
  const metadata = { form: "f", answers: "", case: "" };
  const changed = ({ state }) => seen.push(state);
  const transfer = new Transfer(file, {
    endpoint: "/files/",
    metadata,
    changed,
    isTaken: () => false,
  });
  transfer.take(file);
  seen.length = 0;
  const calls = [];
  Object.assign(transfer.upload, {
    start: () => calls.push("start"),
    abort: async () => calls.push("abort"),
    findPreviousUploads: async () => transfer.before || [],
    resumeFromPreviousUpload: ({ uploadUrl }) => calls.push(uploadUrl),
  });
  return { transfer, seen, calls };
};

test("another try heals what passes by itself, and nothing else", () => {
  assert.deepEqual([0, 409, 423, 460, 500, 503].map(canWait), Array(6).fill(true));
  assert.deepEqual([400, 403, 404, 413, 507].map(canWait), Array(5).fill(false));
  assert.ok(isHealed(undefined));
  assert.ok(isHealed(response(429, { "Retry-After": "5" })));
  assert.ok(!isHealed(response(429)));
});

test("the server's own sentence is told; its pages are not", () => {
  assert.match(sentence(null), /^There is no connection/);
  const plain = response(413, { "Content-Type": "text/plain; charset=utf-8" }, "Too large.");
  assert.equal(sentence(plain), "Too large.");
  assert.match(sentence(response(400, { "Content-Type": "text/html" })), /^The server refused/);
});

test("an upload is remembered without the file's name", async () => {
  const print = await fingerprint("f|Jane Doe.stl|5|1");
  assert.match(print, /^[0-9a-f]{64}$/);
  const upload = { uploadUrl: "/files/7", metadata: { filename: "Jane Doe.stl" } };
  let text = "";
  localStorage.setItem = (key, value) => {
    text += key + value;
  };
  await storage.addUpload(print, upload);
  assert.match(text, /files\/7/);
  assert.doesNotMatch(text, /Jane/);
});

test("small files go with their announcement, each under a key of its own", () => {
  const [small, large] = [made(MEGABYTE - 1), made()].map(
    ({ transfer }) => transfer.upload.options,
  );
  assert.deepEqual([small.uploadDataDuringCreation, large.uploadDataDuringCreation], [true, false]);
  assert.match(small.metadata.key, /^[0-9a-f]{32}$/);
  assert.notEqual(small.metadata.key, large.metadata.key);
});

test("a file goes on where another tab left it, if no other line has it", async () => {
  const { transfer, calls } = made();
  transfer.before = [
    { uploadUrl: "/files/1" },
    { uploadUrl: "/files/2" },
    { uploadUrl: "/files/3" },
  ];
  transfer.isTaken = (url) => url === "/files/3";
  await transfer.start();
  assert.deepEqual(calls, ["/files/2", "start"]);
});

test("one that is paused before it began does not begin", async () => {
  const { transfer, calls, seen } = made();
  const started = transfer.start();
  transfer.pause();
  await started;
  assert.deepEqual(calls, ["abort"]);
  assert.deepEqual(seen, ["sending", "paused"]);
});

const soon = () => new Promise((resolve) => setTimeout(resolve));

test("a lost line waits, and an answer takes it up again", async () => {
  const { transfer, seen } = made();
  await transfer.start();
  assert.ok(transfer.mayRetry({ originalResponse: null }));
  await soon();
  transfer.heard("PATCH", response(204));
  assert.deepEqual(seen, ["sending", "waiting", "sending"]);
});

test("a file that went while it was sent fails with its name and waits for no line", async () => {
  const { transfer, seen, calls } = made();
  await transfer.start();
  transfer.sources = [chosen(5, false), chosen(5, true)];
  assert.ok(transfer.mayRetry({ originalResponse: null }));
  await soon();
  assert.deepEqual(seen, ["sending", "failed"]);
  assert.deepEqual(calls, ["start", "abort"]);
  assert.match(transfer.reason, /^“jaw.stl” was changed, moved .* Choose it again.$/);
});

test("a file that went before its turn is not announced", async () => {
  const { transfer, seen, calls } = made(MEGABYTE, true);
  await transfer.start();
  assert.deepEqual([seen, calls], [["sending", "failed"], ["abort"]]);
  assert.ok(transfer.isGone);
});

test("an ended session fails without being tried again, and says that nothing is lost", () => {
  const { transfer } = made();
  assert.throws(() => transfer.heard("PATCH", response(401)), /signed out/);
  assert.ok(!transfer.mayRetry({ originalResponse: null }));
  transfer.become("failed", "The server refused this file.");
  assert.equal(transfer.reason, "You were signed out. Nothing is lost.");
});

test("a HEAD that comes at a bad moment makes no second upload", () => {
  assert.throws(() => made().transfer.heard("HEAD", response(503)), /not now/);
});

test("a part that is lost with its server is told", () => {
  const { transfer } = made();
  transfer.heard("HEAD", response(200, { "Upload-Taken-Over": "1" }));
  assert.match(transfer.news, /sent again from the start/);
});

test("speed is smoothed and gives the time that is left", () => {
  const { transfer } = made();
  transfer.become("sending");
  transfer.tick();
  for (const sent of [2, 4]) {
    transfer.progressed(sent * MEGABYTE);
    transfer.tick();
  }
  assert.equal(transfer.rate, 2 * MEGABYTE);
  assert.equal(transfer.secondsLeft, 3);
});

test("45 seconds of silence count as a lost line", () => {
  const { transfer, calls } = made();
  transfer.become("sending");
  for (let second = 0; second < 45; second += 1) transfer.tick();
  assert.deepEqual(calls, []);
  transfer.tick();
  assert.deepEqual(calls, ["abort"]);
});

test("what is removed says nothing more", async () => {
  const { transfer, seen } = made();
  await transfer.remove();
  transfer.become("failed", "late");
  assert.deepEqual(seen, []);
});
