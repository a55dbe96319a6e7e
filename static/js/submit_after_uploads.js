/*
 * A form whose files are still on their way is looked over by the server at once; if it is in
 * order, it waits for the files and then goes off by itself. Listens before everybody else
 * (capture), so that nothing takes the form for sent.
 */
import { csrfToken } from "./csrf.js";
import { clear, says, show } from "./form_errors.js";
import { of } from "./uploads.js";

let waiting = null; // { form, button, note, isInOrder }

const stateOf = (form) => of(form).map(({ transfer }) => transfer.state);

const stop = (text) => {
  waiting.button.disabled = false;
  waiting.note.textContent = text;
  waiting = null;
};

const hold = (form, button) => {
  const note = form.querySelector("[data-uploads-note]") || document.createElement("p");
  note.dataset.uploadsNote = "";
  note.className = "small-print";
  note.setAttribute("role", "status");
  button.after(note);
  waiting = { form, button, note, isInOrder: false };
  note.textContent = "Looking the form over…";
  button.disabled = true;
};

/* The page that says what is wrong in a form, or asks, or null: nothing is, or nobody answers. */
export const check = async (form) => {
  const body = new FormData(form);
  body.set("check", "1");
  // Signing in again in another tab gives a new token.
  if (csrfToken()) body.set("csrfmiddlewaretoken", csrfToken());
  const answer = await fetch(form.action, { method: "POST", body }).catch(() => null);
  if (answer?.status !== 422) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return says(page) ? page : null;
};

const wait = () => {
  const { form, note } = waiting;
  waiting.isInOrder = true;
  note.textContent = "Sending your files. The form goes off by itself when they are in.";
  note.scrollIntoView?.({ block: "nearest" });
  for (const { transfer } of of(form)) {
    if (transfer.state === "paused") transfer.start();
  }
  look();
};

const lookOver = async (form, button) => {
  hold(form, button);
  const found = await check(form);
  if (found) {
    stop("Your files go on. Look at what is listed above, then submit again.");
    show(form, found);
  } else {
    clear(form);
    wait();
  }
};

const look = () => {
  if (!waiting?.isInOrder) return;
  const { form, button } = waiting;
  const states = stateOf(form);
  if (states.includes("failed")) {
    stop("A file could not be sent. Press Retry or Remove beside it, then submit again.");
    form.querySelector(".upload-item.is-failed [data-do=start]")?.focus();
  } else if (states.length === 0) {
    stop("");
    form.requestSubmit(button);
  }
};

document.addEventListener("uploads:changed", look);
document.addEventListener(
  "submit",
  (event) => {
    if (stateOf(event.target).length === 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (waiting) return;
    const form = event.target;
    // "Send anyway" stands above the form, and goes once it is pressed.
    const isOwn = event.submitter && form.contains(event.submitter);
    lookOver(form, isOwn ? event.submitter : form.querySelector("[type=submit]"));
  },
  true,
);
