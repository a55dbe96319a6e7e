/*
 * A form whose files are still on their way waits for them and then goes off by itself.
 * Listens before everybody else (capture), so that nothing takes the form for sent.
 */
import { of } from "./uploads.js";

let waiting = null; // { form, button, note }

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
  waiting = { form, button, note };
  note.textContent = "Sending your files. The form goes off by itself when they are in.";
  button.disabled = true;
  for (const { transfer } of of(form)) {
    if (transfer.state === "paused") transfer.start();
  }
};

const look = () => {
  if (!waiting) return;
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
    hold(event.target, event.submitter || event.target.querySelector("[type=submit]"));
    look();
  },
  true,
);
