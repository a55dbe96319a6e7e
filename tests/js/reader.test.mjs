import assert from "node:assert/strict";
import test from "node:test";

const sent = [];
let workers = [];
globalThis.Worker = class {
  listeners = {};
  constructor() {
    workers.push(this);
  }
  addEventListener(type, hear) {
    this.listeners[type] = hear;
  }
  postMessage(message) {
    sent.push(message);
  }
  terminate() {
    this.isOver = true;
  }
};
const { read } = await import("../../static/js/intake/reader.js");
const entries = [
  { file: new File(["a"], "a.dcm"), path: "CD/1/a.dcm" },
  { file: new File(["b"], "b.stl"), path: "b.stl" },
];

/* What `read` told, in order. */
const reading = (workerUrl = "/worker.js") => {
  const told = [];
  const done = read(entries, {
    workerUrl,
    found: (items, litter) => told.push(["found", items, litter]),
    packed: (key, file) => told.push(["packed", key, file]),
  }).then(() => told.push(["done"]));
  const says = (data) =>
    workers.at(-1).listeners.message({ data: { job: sent.at(-1).job, ...data } });
  return { told, done, says };
};

const asTheyAre = (items) => items.map(({ name, folder, heads }) => [name, folder, heads]);
const UNREAD = [
  ["a.dcm", "CD/1", null],
  ["b.stl", "", null],
];

test("what a worker finds is told first, then what it packed", async () => {
  const { told, done, says } = reading();
  const one = { key: 0, count: 1, members: [1] };
  const series = { key: 1, count: 2, members: [0, 1] };
  says({ items: [one, series], litter: ["x"] });
  says({ key: 1, file: "blob" });
  says({ isDone: true });
  await done;
  assert.equal(told[0][1][0].file, entries[1].file);
  assert.ok(!("file" in told[0][1][1]));
  assert.deepEqual(told.slice(1), [["packed", 1, "blob"], ["done"]]);
});

test("when the worker breaks, every file is sent as it is", async () => {
  const { told, done } = reading();
  workers.at(-1).listeners.error({});
  await done;
  assert.deepEqual(asTheyAre(told[0][1]), UNREAD);
  assert.ok(workers.at(-1).isOver);
  // The next choice gets a new one.
  const again = reading();
  again.says({ items: [], litter: [] });
  again.says({ isDone: true });
  await again.done;
  assert.equal(workers.length, 2);
});

test("a worker that is silent is given up", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { told, done } = reading();
  context.mock.timers.tick(10_000);
  await done;
  assert.deepEqual(asTheyAre(told[0][1]), UNREAD);
});

test("a worker that gets on slowly is waited for", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { told, done, says } = reading();
  for (const _ of [1, 2, 3]) {
    context.mock.timers.tick(9000);
    says({ isBusy: true });
  }
  says({ items: [], litter: [] });
  says({ isDone: true });
  await done;
  assert.deepEqual(told, [["found", [], []], ["done"]]);
});

test("without workers files are sent as they are", async () => {
  workers = [];
  globalThis.Worker = undefined;
  const { told, done } = reading("");
  await done;
  assert.deepEqual(asTheyAre(told[0][1]), UNREAD);
  assert.equal(workers.length, 0);
});
