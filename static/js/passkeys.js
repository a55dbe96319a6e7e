/*
 * Forms marked data-passkey: "create" makes a passkey, "get" asks for one; the browser's answer is
 * sent in the field `credential`. The options are in #passkey-options or at data-options-at.
 */
const NO = {
  NotAllowedError:
    "Nothing was sent: the browser was cancelled, or found no passkey for this site.",
  InvalidStateError: "This device or key is among your passkeys already.",
  SecurityError: "Passkeys do not work at this address. Open the portal at its own address.",
};

export const sentence = (problem) => NO[problem.name] || problem.message;

// A passkey that the device keeps signs in by itself; an older key is good as a second step.
const SELECTION = {
  residentKey: "preferred",
  requireResidentKey: false,
  userVerification: "preferred",
};

export const options = async (form) => {
  const at = form.dataset.optionsAt;
  if (!at) return JSON.parse(document.getElementById("passkey-options").textContent);
  const answer = await fetch(at, { headers: { Accept: "application/json" } });
  if (answer.status === 429) throw new Error("Too many tries. Please try again in a minute.");
  if (!answer.ok) throw new Error("The portal did not answer. Please try again.");
  return answer.json();
};

const credential = async (form) => {
  const { creation_options: creation, request_options: request } = await options(form);
  const { create, get } = globalThis.webauthnJSON; // allauth brings it, as a plain script.
  if (form.dataset.passkey === "get") return get(request);
  Object.assign(creation.publicKey.authenticatorSelection, SELECTION);
  return create(creation);
};

export const attach = (form) => {
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const news = form.querySelector("[data-passkey-news]");
    news.textContent = "";
    try {
      form.querySelector("[name=credential]").value = JSON.stringify(await credential(form));
      form.submit();
    } catch (problem) {
      news.textContent = sentence(problem);
    }
  });
};

if (globalThis.PublicKeyCredential) document.querySelectorAll("[data-passkey]").forEach(attach);
else {
  for (const news of document.querySelectorAll("[data-passkey=create] [data-passkey-news]")) {
    news.textContent = "This browser knows no passkeys, or not at this address.";
  }
}
