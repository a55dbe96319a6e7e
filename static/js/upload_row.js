// The line of a file, or of a series, that is on its way: made of the template in its box.
import { words } from "./upload_words.js";

let counter = 0;

/* Adds the line of an item to its box; act(what) is called with "start", "pause" or "remove". */
export const addRow = (item, act) => {
  const { box } = item;
  const row = box
    .querySelector("template[data-upload-item]")
    .content.firstElementChild.cloneNode(true);
  const name = row.querySelector("[data-name]");
  counter += 1;
  name.id = `upload-${counter}`;
  name.textContent = item.name;
  // A series has the name of its folder.
  const folder = item.parts.length > 1 ? "" : item.folder;
  row.querySelector("[data-folder]").textContent = folder && `${folder}/`;
  row.querySelector("progress").setAttribute("aria-labelledby", name.id);
  row.querySelector("[data-sign-in]").href = box.dataset.signIn;
  for (const button of row.querySelectorAll("[data-do]")) {
    button.setAttribute("aria-describedby", name.id);
    button.addEventListener("click", () => act(button.dataset.do));
  }
  if (item.parts.length > 1) fold(row.querySelector("[data-parts]"), item.parts);
  box.querySelector("[data-upload-running]").append(row);
  return row;
};

const fold = (details, parts) => {
  details.hidden = false;
  details.querySelector("summary").textContent = `${parts.length} files`;
  // Hundreds of lines, which few look at.
  details.addEventListener("toggle", () => list(details.querySelector("ul"), parts), {
    once: true,
  });
};

const list = (ul, parts) => {
  ul.append(
    ...parts.map((path) => {
      const line = document.createElement("li");
      line.textContent = path;
      return line;
    }),
  );
};

/* What it is, once the server has said so: "CBCT series · 512 files". */
const whatItIs = ({ kind, parts }) => {
  if (parts.length < 2) return kind;
  return `${kind ? `${kind} series` : "Series"} · ${parts.length} files`;
};

export const show = (item) => {
  const { row, transfer } = item;
  const { state, file, sent } = transfer;
  row.className = `upload-item is-${state}`;
  row.querySelector("[data-kind]").textContent = whatItIs(item) && `${whatItIs(item)} · `;
  row.querySelector("[data-words]").textContent = words(transfer);
  const bar = row.querySelector("progress");
  if (state === "preparing") bar.removeAttribute("value");
  else bar.value = file.size ? sent / file.size : 0;
  row.querySelector("[data-sign-in]").hidden = !transfer.signedOut;
  offer(row, transfer);
};

const offer = (row, { state, isGone }) => {
  const start = row.querySelector("[data-do=start]");
  const pause = row.querySelector("[data-do=pause]");
  const focused = [start, pause].includes(document.activeElement);
  start.hidden = !["paused", "failed"].includes(state) || isGone;
  start.textContent = state === "failed" ? "Retry" : "Resume";
  pause.hidden = !["queued", "sending", "waiting"].includes(state);
  const next = [start, pause, row.querySelector("[data-do=remove]")].find((one) => !one.hidden);
  if (focused && document.activeElement.hidden) next.focus();
};
