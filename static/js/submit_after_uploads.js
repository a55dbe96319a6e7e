/*
 * A form whose files are still on their way is looked over by the server at once; if it is in
 * order, it waits for the files and then goes off by itself. Listens before everybody else
 * (capture), so that nothing takes the form for sent.
 */
import { csrfToken } from "./csrf.js";
import { clear, says, show } from "./form_errors.js";
import { share } from "./upload_words.js";
import { of, soFar } from "./uploads.js";

let waiting = null; // { form, button, note, isInOrder }

const stateOf = (form) => of(form).map(({ transfer }) => transfer.state);

const stop = (text) => {
  waiting.button.disabled = false;
  waiting.button.textContent = waiting.label;
  waiting.note.textContent = text;
  waiting = null;
};

const hold = (form, button) => {
  const note = form.querySelector("[data-uploads-note]") || document.createElement("p");
  note.dataset.uploadsNote = "";
  note.className = "small-print";
  note.setAttribute("role", "status");
  button.after(note);
  waiting = { form, button, note, label: button.textContent, isInOrder: false };
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
    const failed = of(form).find(({ transfer }) => transfer.state === "failed");
    stop(
      `“${failed.name}” could not be sent, and nothing was submitted. See what its line says, then submit again.`,
    );
    failed.row.querySelector("[data-do]:not([hidden])").focus();
  } else if (states.length === 0) {
    stop("");
    form.requestSubmit(button);
  } else {
    const { sent, size } = soFar();
    button.textContent = `Sending… ${share(sent, size)} %`;
  }
};

document.addEventListener("uploads:changed", look);
document.addEventListener("uploads:ticked", look);
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
