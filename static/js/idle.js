/*
 * Warns two minutes before the server signs somebody out, and draws a curtain when it has. What
 * was typed stays in the page: people sign in in another tab and go on here.
 */
import IdleDialog from "./idle_dialog.js";

const WARN = 120; // Seconds.
// Of a short time less, as the server notes a sign of life once a minute: uploads are not asked.
const PART = 0.4;

export class Watch {
  typedIn = new Set(); // Forms.
  isAsking = false;

  constructor(dialog) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.view = new IdleDialog(dialog);
    this.ends = Date.now() + dialog.dataset.seconds * 1000;
    this.asked = Date.now();
    this.warn = Math.min(WARN, dialog.dataset.seconds * PART);
  }

  get left() {
    return Math.ceil((this.ends - Date.now()) / 1000);
  }

  signedOut() {
    if (this.typedIn.size === 0 && !document.querySelector("[data-upload-running] li")) {
      const here = encodeURIComponent(location.pathname + location.search);
      location.replace(`${this.view.part("sign-in").href}?next=${here}`);
    }
    this.view.curtain(
      "You were signed out",
      "What you typed is still in this page. Sign in in a new tab, come back here, and go on.",
    );
  }

  signedIn({ seconds, person, token }) {
    if (String(person) !== this.dialog.dataset.person) {
      this.view.curtain(
        "Somebody else has signed in",
        "This page belongs to the person before. What was typed in it can only be sent by them.",
      );
      return;
    }
    for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) {
      field.value = token;
    }
    this.ends = Date.now() + seconds * 1000;
    this.view.lift();
    if (this.left <= this.warn) this.view.ask(this.left);
    else this.view.close();
  }

  async ask(method) {
    if (this.isAsking) return;
    this.isAsking = true;
    this.asked = Date.now();
    const options = method === "POST" ? { method, body: new FormData(this.form) } : {};
    const answer = await fetch(this.form.action, options).catch(() => null);
    if (answer?.ok) this.signedIn(await answer.json());
    else if (answer?.status === 401) this.signedOut();
    else if (this.left <= 0) {
      this.view.curtain(
        "Is the connection lost?",
        "The portal cannot be asked whether you are still signed in. What you typed is still in this page.",
      );
    }
    this.isAsking = false;
  }

  async stay() {
    await this.ask("GET"); // A sign-in in another tab may have changed the form's token.
    if (!this.view.isOut) await this.ask("POST");
  }

  tick() {
    if (this.view.isOut) return;
    const pause = this.view.isOpen && this.left > 0 ? 10000 : 1000;
    // Other tabs, uploads and what is kept while it is typed count too: the server knows.
    if (this.left <= this.warn && Date.now() - this.asked >= pause) this.ask("GET");
    if (this.view.isOpen) this.view.count(this.left);
  }

  noticed({ type, target }) {
    if (this.dialog.contains(target) || this.view.isOut || this.view.isOpen) return;
    if (type === "input" && target.form?.method === "post") this.typedIn.add(target.form);
    if (Date.now() - this.asked >= 60000) this.ask("POST");
  }

  listen() {
    for (const type of ["input", "keydown", "pointerdown"]) {
      document.addEventListener(type, (event) => this.noticed(event));
    }
    document.addEventListener("submit", (event) => this.typedIn.delete(event.target));
    document.addEventListener("visibilitychange", () => this.tick());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.stay();
    });
    this.view.part("back").addEventListener("click", () => this.ask("GET"));
    this.dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (!this.view.isOut) this.stay();
    });
    setInterval(() => this.tick(), 1000);
  }
}

const dialog = document.querySelector("[data-idle]");
if (dialog) new Watch(dialog).listen();
