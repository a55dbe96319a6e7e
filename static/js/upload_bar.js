// One line about all uploads of a page, in view while something is on its way.
import { amount, share, timeLeft } from "./upload_words.js";
import { cancel, soFar } from "./uploads.js";

const template = document.querySelector("template[data-upload-bar]");
let bar = null;

const QUESTION =
  "Stop sending, and remove what has not arrived yet? What has arrived and what you typed is kept.";

const make = () => {
  bar = template.content.firstElementChild.cloneNode(true);
  bar.querySelector("button").addEventListener("click", () => {
    if (confirm(QUESTION)) cancel();
  });
  document.querySelector("main").append(bar);
};

/* What it says: of files, bytes, time, and what to do. */
export const words = ({ left, waits, size, sent, rate }) => {
  const files = left === 1 ? "1 file" : `${left} files`;
  const doing = waits ? "Waiting for the connection" : "Sending";
  const time = timeLeft(rate > 0 ? (size - sent) / rate : null).replace(", ", " · ");
  return `${doing}: ${files} · ${amount(sent, size)} · ${share(sent, size)} %${time}`;
};

const draw = () => {
  const now = soFar();
  if (now.left > 0 && !bar) make();
  if (now.left === 0) {
    if (bar?.contains(document.activeElement)) {
      document.querySelector("[data-uploads] input[type=file]").focus();
    }
    bar?.remove();
    bar = null;
    return;
  }
  bar.querySelector("[data-bar-words]").textContent = words(now);
  bar.querySelector("progress").value = now.size ? now.sent / now.size : 0;
};

if (template) {
  document.addEventListener("uploads:changed", draw);
  document.addEventListener("uploads:ticked", draw);
}
