/*
 * The list of files that the server has of a form, below each box of uploads.js: asked for again
 * when one arrives and until all are stored, and without those that this page is sending.
 */
import { csrfToken } from "./csrf.js";
import { isRunning, say } from "./uploads.js";

const MANY = 100; // Files, of which the server should not be asked every few seconds.
const planned = new WeakMap(); // box → timer

const listOf = (box) => box.querySelector("[data-upload-kept]");

const hideRunning = () => {
  for (const row of document.querySelectorAll("[data-upload]")) {
    row.hidden = isRunning(row.dataset.upload);
  }
};

const replace = (box, html) => {
  const old = listOf(box);
  const focused = old.contains(document.activeElement) && document.activeElement.dataset.remove;
  old.replaceWith(new DOMParser().parseFromString(html, "text/html").querySelector("ul"));
  hideRunning();
  if (!focused) return;
  (box.querySelector(`[data-remove="${focused}"]`) || box.querySelector("input")).focus();
};

const refresh = async (box) => {
  planned.delete(box);
  const answer = await fetch(listOf(box).dataset.uploadKept).catch(() => null);
  if (answer?.ok) replace(box, await answer.text());
  follow(box);
};

const plan = (box, pause) => {
  if (!planned.has(box))
    planned.set(
      box,
      setTimeout(() => refresh(box), pause),
    );
};

const follow = (box) => {
  const pause = listOf(box).children.length > MANY ? 15000 : 3000;
  if (listOf(box).matches("[data-poll]")) plan(box, pause);
};

/* What to say of the server's answer to a removal, or of none (null). */
export const sentence = async (answer) => {
  if (!answer) return "There is no connection. Please try again.";
  return answer.ok || answer.status === 404 ? "The file is removed." : answer.text();
};

const remove = async (box, button) => {
  const headers = { "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0" };
  const options = { method: "DELETE", headers };
  say(box, await sentence(await fetch(button.dataset.remove, options).catch(() => null)));
  plan(box, 0);
};

export const attach = (box) => {
  box.addEventListener("uploads:stale", () => plan(box, 500));
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (button) remove(box, button);
  });
  follow(box);
};

document.addEventListener("uploads:changed", hideRunning);
document.querySelectorAll("[data-uploads]").forEach(attach);
