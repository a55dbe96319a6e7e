// What idle.js shows: a question while there is time left, a curtain when there is none.
const SAID = [120, 60, 30, 10]; // Seconds left of which a screen reader speaks.

export const clock = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

export default class IdleDialog {
  isOut = false;

  constructor(dialog) {
    this.dialog = dialog;
    this.question = [this.part("title").textContent, this.part("text").textContent];
  }

  part(name) {
    return this.dialog.querySelector(`[data-idle-${name}]`);
  }

  get isOpen() {
    return this.dialog.open;
  }

  count(left) {
    this.part("clock").textContent = clock(Math.max(left, 0));
    if (SAID.includes(left)) this.part("said").textContent = `${left} seconds left.`;
  }

  ask(left) {
    if (!this.isOpen) this.dialog.showModal();
    this.count(left);
  }

  close() {
    if (this.isOpen) this.dialog.close();
  }

  lift() {
    if (this.isOut) this.draw(...this.question, false);
  }

  curtain(title, text) {
    this.draw(title, text, true);
    if (!this.isOpen) this.dialog.showModal();
    this.part("sign-in").focus();
  }

  draw(title, text, isOut) {
    this.isOut = isOut;
    this.dialog.classList.toggle("is-out", isOut);
    this.part("title").textContent = title;
    this.part("text").textContent = text;
    this.part("clock").textContent = this.part("said").textContent = "";
    this.part("stay").hidden = isOut;
    this.part("sign-in").hidden = this.part("back").hidden = !isOut;
  }
}
