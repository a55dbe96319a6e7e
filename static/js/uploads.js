/*
 * Boxes marked data-uploads: chosen and dropped files are read on this computer, and start once
 * the server has said what it makes of that, three at a time, each with its line in the list.
 * kept_files.js shows what the server has already.
 */
import { read } from "./intake/reader.js";
import Transfer from "./transfer.js";
import { chosen, takeDrops } from "./upload_drop.js";
import { addRow, show } from "./upload_row.js";

const AT_ONCE = 3;
// Of the server's answer about what was read. It is a service: without it, files go all the same.
const PATIENCE = 4000;
const ON_ITS_WAY = ["preparing", "queued", "sending", "waiting", "paused"];
const items = []; // { key, box, name, folder, parts, kind, transfer, row }
let batch = []; // Transfers since there were none.
const heads = new Map(); // key → transfer, of each file that was read here and is not removed.
let keys = 0;

const among = (...states) => items.filter(({ transfer }) => states.includes(transfer.state));

export const of = (form) => items.filter(({ box }) => box.closest("form") === form);
export const isRunning = (id) => items.some(({ transfer }) => transfer.url.includes(id));
export const say = (box, text) => {
  box.querySelector("[data-upload-news]").textContent = text;
};
/* Whether a file that was read here is still one of its form. */
export const isThere = (key) => heads.has(key);
/* The file at this address was removed. */
export const forget = (url) => {
  for (const [key, transfer] of heads) {
    if (transfer.url && new URL(transfer.url, location.href).pathname === url) heads.delete(key);
  }
};

/* How far all is that was chosen since nothing was on its way. */
export const soFar = () => {
  const all = batch.filter((transfer) => !transfer.removed);
  const sum = (value) => all.reduce((total, transfer) => total + value(transfer), 0);
  return {
    left: among(...ON_ITS_WAY).length,
    waits: among("waiting").length > 0,
    size: sum(({ file }) => file.size),
    sent: sum(({ state, file, sent }) => (state === "done" ? file.size : sent)),
    rate: sum(({ rate }) => rate),
  };
};

const tell = () => document.dispatchEvent(new Event("uploads:changed"));

const fill = () => {
  const [next] = among("queued");
  // Its change of state comes back here for the one after it.
  if (next && among("sending", "waiting").length < AT_ONCE) next.transfer.start();
  tell();
};

const drop = (item) => {
  if (item.row.contains(document.activeElement)) item.box.querySelector("input").focus();
  item.row.remove();
  items.splice(items.indexOf(item), 1);
};

const markStale = (box) => box.dispatchEvent(new Event("uploads:stale", { bubbles: true }));

/* What a change of its state (before and now) gives to be said. */
export const newsOf = ({ file, state, reason, news }, before, told) => {
  if (state === "done") return `${file.name} has arrived.`;
  if (state === "waiting") return "The connection is lost. Nothing else is.";
  if (state === "failed") return `${file.name}: ${reason}`;
  if (state === "sending" && news !== told) return `${file.name}: ${news}`;
  if (state === "sending" && ["waiting", "failed"].includes(before)) return "It goes on.";
  return null;
};

const changed = (item) => {
  const { transfer, box } = item;
  show(item);
  // Its address counts too: the list below then leaves it out.
  const now = `${transfer.state} ${transfer.url} ${transfer.news}`;
  if (item.shown === now) return;
  const text = newsOf(transfer, item.before, item.told);
  Object.assign(item, { shown: now, before: transfer.state });
  if (transfer.state === "sending") item.told = transfer.news;
  if (transfer.state === "done") {
    drop(item);
    markStale(box);
  }
  if (text) say(box, text);
  fill();
};

const takeAway = async (item) => {
  drop(item);
  heads.delete(item.key);
  await item.transfer.remove();
};

const act = async (item, what) => {
  if (what !== "remove") return item.transfer[what]();
  await takeAway(item);
  say(item.box, `${item.name} is removed.`);
  markStale(item.box);
  fill();
};

/* Takes back all that has not arrived. */
export const cancel = async () => {
  const boxes = new Set(items.map(({ box }) => box));
  await Promise.all(among(...ON_ITS_WAY).map(takeAway));
  for (const box of boxes) {
    say(box, "Sending was cancelled. What had arrived is kept.");
    markStale(box);
  }
  fill();
};

/* A line for something that is chosen; its bytes come later. */
const open = (box, { name, size, folder = "", parts = [] }) => {
  if (items.length === 0) batch = [];
  keys += 1;
  const { endpoint, form, answers } = box.dataset;
  const item = { key: `${keys}`, box, name, folder, parts, kind: "", before: "", told: "" };
  item.transfer = new Transfer(
    { name, size },
    {
      endpoint,
      metadata: {
        form,
        answers,
        case: box.dataset.case || "",
        folder,
        files: `${Math.max(parts.length, 1)}`,
      },
      changed: () => changed(item),
      isTaken: (url) => items.some(({ transfer }) => transfer.url === url),
    },
  );
  item.says = (kind) => {
    item.kind = kind;
    show(item);
  };
  item.row = addRow(item, (what) => act(item, what));
  items.push(item);
  batch.push(item.transfer);
  show(item);
  return item;
};

const sizeOf = (entries) => entries.reduce((total, { file }) => total + file.size, 0);

/* Takes a line away that failed as its file had gone: the file was chosen again. */
const dropEarlier = (box, name) => {
  const earlier = items.filter((item) => item.box === box && item.name === name);
  for (const item of earlier.filter(({ transfer }) => transfer.isGone)) takeAway(item);
};

/* What the server makes of files that were read here; whoever shows it calls wait(promise). */
const asked = (box, found) => {
  const waits = [];
  const detail = { form: box.closest("form"), found, wait: (promise) => waits.push(promise) };
  document.dispatchEvent(new CustomEvent("uploads:found", { detail }));
  const patience = new Promise((go) => setTimeout(go, PATIENCE));
  return waits.length ? Promise.race([Promise.all(waits), patience]) : Promise.resolve();
};

const NOT_PACKED =
  "These files could not be put together. Please choose them again, or send them as one ZIP file.";

const sayLeftOut = (box, litter) => {
  if (litter.length === 0) return;
  const names = [...new Set(litter.map((path) => path.split("/").pop()))].slice(0, 3).join(", ");
  const what =
    litter.length === 1 ? "1 file that is no scan" : `${litter.length} files that are no scans`;
  say(box, `Left out: ${what} (${names}).`);
};

/* One choice or drop of files: read, then sent. */
class Choice {
  packs = new Map(); // key of the reader → who takes its packed bytes

  constructor(box, entries) {
    Object.assign(this, { box, entries });
    const [{ file }] = entries;
    const name = entries.length === 1 ? file.name : `${entries.length} files`;
    this.looking = open(box, { name, size: sizeOf(entries) });
    tell();
  }

  async go() {
    await read(this.entries, {
      workerUrl: this.box.dataset.worker,
      found: (items, litter) => this.found(items, litter),
      packed: (key, file) => this.packed(key, file),
    });
    for (const { transfer } of this.packs.values()) transfer.become("failed", NOT_PACKED);
  }

  async packed(key, file) {
    const { take, transfer, sources } = this.packs.get(key);
    this.packs.delete(key);
    if (file) return take(file);
    transfer.sources = sources;
    if (!(await transfer.isGoneFromHere())) transfer.become("failed", NOT_PACKED);
  }

  found(found, litter) {
    const isRemoved = this.looking.transfer.removed;
    const lines = isRemoved ? [] : found.map((one) => [this.lineOf(one), one]);
    if (!isRemoved) takeAway(this.looking);
    sayLeftOut(this.box, litter);
    const answer = asked(
      this.box,
      lines.map(([item, { heads }]) => ({ item, heads })),
    );
    for (const [item, one] of lines) this.send(item, one, answer);
    fill();
  }

  lineOf({ name, size, folder, count, members = [] }) {
    dropEarlier(this.box, name);
    const parts = count > 1 ? members.map((index) => this.entries[index].path) : [];
    const item = open(this.box, { name, size, folder, parts });
    heads.set(item.key, item.transfer);
    return item;
  }

  async send({ transfer }, { key, file, count, members }, answer) {
    const sources = count > 1 ? members.map((index) => this.entries[index].file) : [file];
    const packed = () => new Promise((take) => this.packs.set(key, { take, transfer, sources }));
    const bytes = await (count > 1 ? packed() : file);
    await answer;
    transfer.take(bytes, sources);
  }
}

const add = (box, entries) => {
  if (entries.length > 0) new Choice(box, entries).go();
};

const attach = (box) => {
  for (const input of box.querySelectorAll("input[type=file]")) {
    const take = () => {
      add(box, chosen(input));
      input.value = ""; // The same file may be chosen again.
    };
    input.addEventListener("change", take);
    if (input.files.length > 0) take(); // On a slow line they were chosen before this was here.
  }
  takeDrops(box.querySelector(".upload-box"), async (drop) => {
    try {
      const entries = await drop;
      if (entries.length === 0) say(box, "There is no file in what was dropped.");
      add(box, entries);
    } catch (error) {
      say(box, error.message);
    }
  });
};

document.querySelectorAll("[data-uploads]").forEach(attach);
// What misses the box would open in place of the page.
for (const type of ["dragover", "drop"]) {
  document.addEventListener(type, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}
setInterval(() => {
  for (const { transfer } of items) transfer.tick();
  document.dispatchEvent(new Event("uploads:ticked"));
}, 1000);
addEventListener("offline", () => among("sending").forEach(({ transfer }) => transfer.lost()));
addEventListener("online", () => among("waiting").forEach(({ transfer }) => transfer.again()));
addEventListener("beforeunload", (event) => {
  if (among(...ON_ITS_WAY).length > 0) event.preventDefault();
});
