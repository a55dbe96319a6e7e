/*
 * Warns two minutes before the server signs somebody out, and draws a curtain when it has. What
 * was typed stays in the page: people sign in in another tab and go on here.
 */
(() => {
  const WARN = 120; // Seconds.
  const dialog = document.querySelector("[data-idle]");
  if (!dialog) return;

  const form = dialog.querySelector("form");
  const part = (name) => dialog.querySelector(`[data-idle-${name}]`);
  const question = [part("title").textContent, part("text").textContent];
  const typedIn = new Set(); // Forms.
  let ends = Date.now() + dialog.dataset.seconds * 1000;
  let asked = Date.now();
  let isAsking = false;
  let isOut = false;

  const left = () => Math.ceil((ends - Date.now()) / 1000);
  const holdsSomething = () => typedIn.size > 0 || document.querySelector("[data-upload-running] li");

  const say = () => {
    const minutes = Math.floor(Math.max(left(), 0) / 60);
    const seconds = String(Math.max(left(), 0) % 60).padStart(2, "0");
    part("clock").textContent = `${minutes}:${seconds}`;
    if ([120, 60, 30, 10].includes(left())) part("said").textContent = `${left()} seconds left.`;
  };

  const show = (isShown) => {
    if (isShown && !dialog.open) dialog.showModal();
    if (isShown && !isOut) say();
    if (!isShown && dialog.open) dialog.close();
  };

  const draw = (title, text, isDown) => {
    isOut = isDown;
    dialog.classList.toggle("is-out", isDown);
    part("title").textContent = title;
    part("text").textContent = text;
    part("clock").textContent = part("said").textContent = "";
    part("stay").hidden = isDown;
    part("sign-in").hidden = part("back").hidden = !isDown;
  };

  const curtain = (title, text) => {
    draw(title, text, true);
    show(true);
    part("sign-in").focus();
  };

  const signedOut = () => {
    if (!holdsSomething()) {
      const here = location.pathname + location.search;
      location.replace(`${part("sign-in").href}?next=${encodeURIComponent(here)}`);
    }
    curtain("You were signed out", "What you typed is still in this page. Sign in in a new tab, come back here, and go on.");
  };

  const signedIn = ({ seconds, person, token }) => {
    if (String(person) !== dialog.dataset.person) {
      curtain("Somebody else has signed in", "This page belongs to the person before. What was typed in it can only be sent by them.");
      return;
    }
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
    ends = Date.now() + seconds * 1000;
    if (isOut) draw(...question, false);
    show(left() <= WARN);
  };

  const ask = async (method) => {
    if (isAsking) return;
    isAsking = true;
    asked = Date.now();
    const options = method === "POST" ? { method, body: new FormData(form) } : {};
    const answer = await fetch(form.action, options).catch(() => null);
    if (answer?.ok) signedIn(await answer.json());
    else if (answer?.status === 401) signedOut();
    else if (left() <= 0) curtain("Is the connection lost?", "The portal cannot be asked whether you are still signed in. What you typed is still in this page.");
    isAsking = false;
  };

  const stay = async () => {
    await ask("GET"); // A sign-in in another tab may have changed the form's token.
    if (!isOut) await ask("POST");
  };

  const tick = () => {
    if (isOut) return;
    const pause = dialog.open && left() > 0 ? 10000 : 1000;
    // Other tabs, uploads and what is kept while it is typed count too: the server knows.
    if (left() <= WARN && Date.now() - asked >= pause) ask("GET");
    if (dialog.open) say();
  };

  const sign = (event) => {
    if (dialog.contains(event.target) || isOut || dialog.open) return;
    if (event.type === "input" && event.target.form?.method === "post") typedIn.add(event.target.form);
    if (Date.now() - asked >= 60000) ask("POST");
  };

  for (const type of ["input", "keydown", "pointerdown"]) document.addEventListener(type, sign);
  document.addEventListener("submit", (event) => typedIn.delete(event.target));
  document.addEventListener("visibilitychange", tick);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    stay();
  });
  part("back").addEventListener("click", () => ask("GET"));
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (!isOut) stay();
  });
  setInterval(tick, 1000);
})();
