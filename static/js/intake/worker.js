// Reads what was chosen, beside the page: what is found first, then packed series one by one.
import { sort } from "./look.js";
import { pack } from "./pack.js";

const OFTEN = 1000; // Milliseconds between two signs of life.

/* Tells the page that it gets on, at times: a CD or a disk far away is slow. */
const signs = (job) => {
  let last = Date.now();
  return () => {
    if (Date.now() - last < OFTEN) return;
    last = Date.now();
    postMessage({ job, isBusy: true });
  };
};

const work = async ({ job, entries }) => {
  const { items, litter } = await sort(entries, signs(job));
  postMessage({ job, items, litter });
  for (const { key, count, members } of items) {
    if (count < 2) continue;
    // A file that went away meanwhile: the page says which.
    const file = await pack(members.map((index) => entries[index])).catch(() => null);
    postMessage({ job, key, file });
  }
  postMessage({ job, isDone: true });
};

addEventListener("message", ({ data }) => work(data).catch(() => postMessage({ job: data.job })));
