// Keeps what is typed on the server while the form is open: data-autosave is where to send it.
import { csrfToken } from "./csrf.js";

const PAUSE = 800; // Milliseconds after the last key.

/* What to tell whoever types of the server's answer, or of none (null). */
export const sentence = async (answer) => {
  if (!answer) return "No connection. What you typed is kept again as soon as it is back.";
  if (answer.status === 401) {
    return "You are signed out. Press the button below: you sign in and go on where you were.";
  }
  if (answer.status === 429) return answer.text();
  if (!answer.ok) {
    return "What you type cannot be kept now. Submit it, or copy it before you leave this page.";
  }
  const time = new Date().toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  // 204, or a sentence about what is too long.
  return (await answer.text()) || `What you typed is kept (${time}).`;
};

const send = (form) =>
  fetch(form.dataset.autosave, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-CSRFToken": csrfToken() },
  }).catch(() => null);

export const attach = (form) => {
  const status = form.querySelector("[data-autosave-status]");
  let timer = null;
  let sent = false;

  const save = async () => {
    const answer = await send(form);
    if (sent) return;
    const text = await sentence(answer);
    if (status) status.textContent = text;
    if (answer?.ok && form.dataset.draftUrl) history.replaceState(null, "", form.dataset.draftUrl);
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };

  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("submit", () => {
    sent = true;
    clearTimeout(timer);
    // Signing in again in another tab gives a new token; the form must carry that one.
    const field = form.querySelector("input[name=csrfmiddlewaretoken]");
    if (field && csrfToken()) field.value = csrfToken();
  });
};

document.querySelectorAll("form[data-autosave]").forEach(attach);
