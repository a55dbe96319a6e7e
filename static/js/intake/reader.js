/*
 * The page's side of the worker that reads chosen files. Without it, or when it dies or is silent,
 * each file is sent as it is: reading them here is a service.
 */
import { folderOf } from "./paths.js";

const SILENCE = 10_000;

let worker = null;
let jobs = 0;
const heard = new Map(); // job → who hears its messages; null when the worker is gone

const stop = () => {
  worker?.terminate();
  worker = null;
  for (const hear of [...heard.values()]) hear(null);
};

const started = (url) => {
  if (worker || !url || !globalThis.Worker) return worker;
  worker = new Worker(url, { type: "module" });
  worker.addEventListener("message", ({ data }) => heard.get(data.job)?.(data));
  worker.addEventListener("error", stop);
  return worker;
};

// A page that is left and comes back begins another one.
globalThis.addEventListener?.("pagehide", stop);

const unread = ({ file, path }, index) => ({
  key: index,
  name: file.name,
  folder: folderOf(path),
  count: 1,
  size: file.size,
  members: [index],
  heads: null,
  file,
});

/*
 * Reads chosen files, [{ file, path }]. `found(items, litter)` is called once, with each item of
 * look.js and of a single one its `file`; `packed(key, file)` for each series afterwards, with null
 * for one of which a file cannot be read. Resolves when all was said.
 */
export const read = (entries, { workerUrl, found, packed }) =>
  new Promise((resolve) => {
    const at = started(workerUrl);
    jobs += 1;
    const job = jobs;
    let isFound = false;
    const end = () => {
      clearTimeout(silence);
      heard.delete(job);
      if (!isFound) found(entries.map(unread), []);
      resolve();
    };
    let silence = setTimeout(stop, SILENCE);
    heard.set(job, (news) => {
      if (news?.isBusy) {
        clearTimeout(silence);
        silence = setTimeout(stop, SILENCE);
      } else if (news?.items) {
        clearTimeout(silence);
        isFound = true;
        const items = news.items.map((item) =>
          item.count === 1 ? { ...item, file: entries[item.members[0]].file } : item,
        );
        found(items, news.litter);
      } else if (news && "file" in news) packed(news.key, news.file);
      else end();
    });
    if (at) at.postMessage({ job, entries });
    else end();
  });
