/*
 * The list "What we need" beside a form, asked of the server whenever files, patient or teeth
 * change. Until the server has read a file, what this browser read in it counts: it comes back
 * signed, as a token, and goes along with every question and with the form.
 */
import { csrfToken } from "./csrf.js";
import { isThere } from "./uploads.js";

const PAUSE = 400; // Milliseconds after the last change.
const AGAIN = 1000; // While the server is reading; twice as long each time, and at last:
const LATER = 16_000;
const MOST = 500_000; // Characters of what was read, in one request.

const panels = new WeakMap(); // form → { panel, tokens, timer, pause, asked, html }

const tokensOf = ({ tokens }) => {
  for (const key of tokens.keys()) if (!isThere(key)) tokens.delete(key);
  return [...tokens.values()].join(" ");
};

const show = (state, html) => {
  // Read aloud only when something has changed.
  if (state.html === html) return;
  state.html = html;
  const page = new DOMParser().parseFromString(`<html><body>${html}</body></html>`, "text/html");
  state.panel.replaceChildren(...page.body.childNodes);
};

/* Asks once; `found` is what was read just now. Resolves when the list shows what came of it. */
const ask = async (form, found = []) => {
  const state = panels.get(form);
  clearTimeout(state.timer);
  state.asked += 1;
  const number = state.asked;
  const body = new FormData(form);
  const read = found.map(({ item, heads }) => {
    const { name, size } = item.transfer.file;
    return [item.key, { name, size, heads }];
  });
  // After signing in again in another tab, the one of the header is right.
  body.delete("csrfmiddlewaretoken");
  body.set("heads", JSON.stringify(Object.fromEntries(read)));
  const options = { method: "POST", headers: { "X-CSRFToken": csrfToken() }, body };
  const answer = await fetch(state.panel.dataset.needs, options).catch(() => null);
  if (!answer || answer.status >= 500) again(form);
  if (!answer?.ok) return;
  const { html, chosen, kinds, isRead } = await answer.json();
  for (const { item } of found) {
    state.tokens.set(item.key, chosen[item.key]);
    item.says(kinds[item.key]);
  }
  if (number !== state.asked) {
    // A later question, which did not know yet of what was read for this one.
    if (found.length > 0) soon(form);
    return;
  }
  show(state, html);
  if (!isRead || isPending(state)) again(form);
};

const isPending = ({ panel }) => Boolean(panel.querySelector(".need.is-pending"));

const plan = (form, pause) => {
  const state = panels.get(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => ask(form), pause);
};

const soon = (form) => {
  panels.get(form).pause = AGAIN;
  plan(form, PAUSE);
};

const again = (form) => {
  const state = panels.get(form);
  plan(form, state.pause);
  state.pause = Math.min(2 * state.pause, LATER);
};

/* In several requests, if there is much of it. */
const askAll = async (form, found) => {
  let some = [];
  let size = 0;
  for (const one of found) {
    const length = JSON.stringify(one.heads).length;
    if (some.length && size + length > MOST) {
      await ask(form, some);
      [some, size] = [[], 0];
    }
    some.push(one);
    size += length;
  }
  await ask(form, some);
};

const FIELDS = ["patient_name", "teeth", "support"];

/* The button at a missing line opens the box in which files are chosen. */
const choose = (form) => {
  const input = form.querySelector("[data-uploads][data-answers=''] input[type=file]");
  input.closest("details")?.setAttribute("open", "");
  input.click();
};

export const attach = (panel) => {
  const form = panel.closest("form");
  if (!form) return;
  panels.set(form, { panel, tokens: new Map(), timer: null, pause: AGAIN, asked: 0, html: "" });
  if (isPending({ panel })) again(form);
  form.addEventListener("change", (event) => {
    if (FIELDS.includes(event.target.name)) soon(form);
  });
  for (const news of ["uploads:stale", "uploads:described"]) {
    form.addEventListener(news, () => soon(form));
  }
  // Into what is asked, kept and sent alike.
  form.addEventListener("formdata", ({ formData }) => {
    formData.set("chosen", tokensOf(panels.get(form)));
  });
  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-upload-for]")) choose(form);
  });
};

document.addEventListener("uploads:found", ({ detail }) => {
  const { form, found, wait } = detail;
  if (panels.has(form))
    wait(
      askAll(
        form,
        found.filter(({ heads }) => heads),
      ),
    );
});
document.querySelectorAll("[data-needs]").forEach(attach);
