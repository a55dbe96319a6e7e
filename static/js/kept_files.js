/*
 * The list of files that the server has of a form, below each box of uploads.js: asked for again
 * when one arrives and until all are stored, and without those that this page is sending.
 */
(() => {
  const planned = new WeakMap(); // box → timer

  const listOf = (box) => box.querySelector("[data-upload-kept]");

  const hideRunning = () => {
    for (const row of document.querySelectorAll("[data-upload]")) {
      row.hidden = window.uploads.isRunning(row.dataset.upload);
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
    if (!planned.has(box)) planned.set(box, setTimeout(() => refresh(box), pause));
  };

  const follow = (box) => {
    const many = listOf(box).children.length > 100;
    if (listOf(box).matches("[data-poll]")) plan(box, many ? 15000 : 3000);
  };

  const remove = async (box, button) => {
    const headers = { "X-CSRFToken": Transfer.csrfToken(), "Tus-Resumable": "1.0.0" };
    const answer = await fetch(button.dataset.remove, { method: "DELETE", headers }).catch(() => null);
    if (!answer) window.uploads.say(box, "There is no connection. Please try again.");
    else if (answer.ok || answer.status === 404) window.uploads.say(box, "The file is removed.");
    else window.uploads.say(box, await answer.text());
    plan(box, 0);
  };

  document.addEventListener("uploads:changed", hideRunning);
  for (const box of document.querySelectorAll("[data-uploads]")) {
    box.addEventListener("uploads:stale", () => plan(box, 500));
    box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-remove]");
      if (button) remove(box, button);
    });
    follow(box);
  }
})();
