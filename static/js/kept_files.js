/*
 * The list of files that the server has of a form, below each box of uploads.js: asked for again
 * when one arrives and until all are stored, and without those that this page is sending.
 */
import { csrfToken } from "./csrf.js";
import { forget, isRunning, say } from "./uploads.js";

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

const isChosenFrom = (box) => listOf(box).contains(document.activeElement?.closest("select"));

const refresh = async (box) => {
  planned.delete(box);
  const answer = await fetch(listOf(box).dataset.uploadKept).catch(() => null);
  // A list that somebody is choosing from stays under the hand.
  if (answer?.ok && !isChosenFrom(box)) replace(box, await answer.text());
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

/* Says of a file what was chosen beside it: its arch, or which older one it replaces. */
const describe = async (box, select) => {
  const body = new URLSearchParams({ [select.name]: select.value });
  const options = { method: "POST", headers: { "X-CSRFToken": csrfToken() }, body };
  const answer = await fetch(select.dataset.describe, options).catch(() => null);
  const lost = "This could not be kept. Please choose it again.";
  say(box, answer?.ok ? `${select.ariaLabel}: ${select.selectedOptions[0].text}.` : lost);
  if (!answer?.ok) select.value = select.dataset.kept;
  else select.dataset.kept = select.value;
  box.dispatchEvent(new Event("uploads:described", { bubbles: true }));
};

const remove = async (box, button) => {
  const headers = { "X-CSRFToken": csrfToken(), "Tus-Resumable": "1.0.0" };
  const options = { method: "DELETE", headers };
  const answer = await fetch(button.dataset.remove, options).catch(() => null);
  say(box, await sentence(answer));
  if (answer?.ok) forget(button.dataset.remove);
  plan(box, 0);
};

export const attach = (box) => {
  box.addEventListener("uploads:stale", () => plan(box, 500));
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-remove]");
    if (button) remove(box, button);
  });
  box.addEventListener("change", (event) => {
    if (event.target.matches("[data-describe]")) describe(box, event.target);
  });
  follow(box);
};

document.addEventListener("uploads:changed", hideRunning);
document.querySelectorAll("[data-uploads]").forEach(attach);
