// The line of a file that is on its way, made of the template in its box.
import { words } from "./upload_words.js";

let counter = 0;

/* Adds the line for a file to a box; act(what) is called with "start", "pause" or "remove". */
export const addRow = (box, file, act) => {
  const row = box.querySelector("template").content.firstElementChild.cloneNode(true);
  const name = row.querySelector("[data-name]");
  counter += 1;
  name.id = `upload-${counter}`;
  name.textContent = file.name;
  row.querySelector("progress").setAttribute("aria-labelledby", name.id);
  row.querySelector("[data-sign-in]").href = box.dataset.signIn;
  for (const button of row.querySelectorAll("[data-do]")) {
    button.setAttribute("aria-describedby", name.id);
    button.addEventListener("click", () => act(button.dataset.do));
  }
  box.querySelector("[data-upload-running]").append(row);
  return row;
};

export const show = (row, transfer) => {
  const { state, file, sent } = transfer;
  row.className = `upload-item is-${state}`;
  row.querySelector("[data-words]").textContent = words(transfer);
  row.querySelector("progress").value = file.size ? sent / file.size : 0;
  row.querySelector("[data-sign-in]").hidden = !transfer.signedOut;
  const start = row.querySelector("[data-do=start]");
  const pause = row.querySelector("[data-do=pause]");
  const focused = [start, pause].includes(document.activeElement);
  start.hidden = !["paused", "failed"].includes(state);
  start.textContent = state === "failed" ? "Retry" : "Resume";
  pause.hidden = !start.hidden;
  if (focused) (start.hidden ? pause : start).focus();
};
