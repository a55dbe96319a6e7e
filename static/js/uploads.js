/*
 * Boxes marked data-uploads: chosen and dropped files start at once, three at a time, each with
 * its line in the list. kept_files.js shows what the server has already.
 */
import Transfer from "./transfer.js";
import { takeDrops } from "./upload_drop.js";
import { addRow, show } from "./upload_row.js";

const AT_ONCE = 3;
const items = []; // { transfer, box, row }

const among = (...states) => items.filter(({ transfer }) => states.includes(transfer.state));

export const of = (form) => items.filter(({ box }) => box.closest("form") === form);
export const isRunning = (id) => items.some(({ transfer }) => transfer.url.includes(id));
export const say = (box, text) => {
  box.querySelector("[data-upload-news]").textContent = text;
};

const fill = () => {
  const [next] = among("queued");
  // Its change of state comes back here for the one after it.
  if (next && among("sending", "waiting").length < AT_ONCE) next.transfer.start();
  document.dispatchEvent(new Event("uploads:changed"));
};

const drop = (item) => {
  if (item.row.contains(document.activeElement)) item.box.querySelector("input").focus();
  item.row.remove();
  items.splice(items.indexOf(item), 1);
};

const markStale = (box) => box.dispatchEvent(new Event("uploads:stale"));

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
  const { transfer, box, row } = item;
  show(row, transfer);
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

const act = async (item, what) => {
  if (what !== "remove") return item.transfer[what]();
  drop(item);
  await item.transfer.remove();
  say(item.box, `${item.transfer.file.name} is removed.`);
  markStale(item.box);
  fill();
};

const add = (box, files) => {
  const { endpoint, form, answers } = box.dataset;
  const metadata = { form, answers, case: box.dataset.case || "" };
  for (const file of files) {
    const item = { box, before: "", told: "" };
    item.row = addRow(box, file, (what) => act(item, what));
    item.transfer = new Transfer(file, {
      endpoint,
      metadata,
      changed: () => changed(item),
      isTaken: (url) => items.some(({ transfer }) => transfer.url === url),
    });
    items.push(item);
    show(item.row, item.transfer);
  }
  fill();
};

const attach = (box) => {
  const input = box.querySelector("input[type=file]");
  const take = () => {
    add(box, input.files);
    input.value = ""; // The same file may be chosen again.
  };
  input.addEventListener("change", take);
  if (input.files.length > 0) take(); // On a slow line they were chosen before this was here.
  takeDrops(box.querySelector(".upload-box"), ({ files, hasFolder }) => {
    add(box, files);
    if (hasFolder) {
      say(box, "A folder cannot be dropped here. Please choose the files in it, or one ZIP file.");
    }
  });
};

document.querySelectorAll("[data-uploads]").forEach(attach);
setInterval(() => items.forEach(({ transfer }) => transfer.tick()), 1000);
addEventListener("offline", () => among("sending").forEach(({ transfer }) => transfer.lost()));
addEventListener("online", () => among("waiting").forEach(({ transfer }) => transfer.again()));
addEventListener("beforeunload", (event) => {
  if (among("queued", "sending", "waiting", "paused").length > 0) event.preventDefault();
});
