import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

const PARTS = ["title", "text", "clock", "said"].map((name) => `<p data-idle-${name}>${name}</p>`);
const PAGE = `<dialog data-seconds="SECONDS" data-person="7">${PARTS.join("")}
  <form action="/idle/"><button data-idle-stay></button></form><button data-idle-back hidden></button>
  <a href="/accounts/login/" data-idle-sign-in hidden></a></dialog>
  <form method="post"><input name="csrfmiddlewaretoken" value="old"></form>`;

page("", { FormData: class {}, location: { pathname: "/cases/", search: "?page=2" } });
const { Watch } = await import("../../static/js/idle.js");
const { clock } = await import("../../static/js/idle_dialog.js");

/* A page that somebody has looked at for `seconds`; the server gives `answers`, one after another. */
const after = (t, seconds, ...answers) => afterOf(t, 300, seconds, ...answers);
const afterOf = (t, allowed, seconds, ...answers) => {
  t.mock.timers.enable({ apis: ["Date", "setInterval"] });
  const document = page(PAGE.replace("SECONDS", allowed));
  const dialog = document.querySelector("dialog");
  dialog.showModal = () => Object.assign(dialog, { open: true });
  dialog.close = () => Object.assign(dialog, { open: false });
  const asked = [];
  globalThis.fetch = async (_address, { method = "GET" }) => asked.push(method) && answers.shift();
  location.replace = (address) => asked.push(address);
  const watch = new Watch(dialog);
  const part = (name) => watch.view.part(name);
  t.mock.timers.setTime(seconds * 1000);
  return { document, dialog, watch, asked, part };
};
const stillIn = (seconds, person = 7) =>
  answer(200, JSON.stringify({ seconds, person, token: "new" }));
const typeIn = ({ document, watch }) => {
  const form = document.querySelector("form[method]");
  watch.typedIn.add(form);
};

test("the clock counts minutes and seconds", () => {
  assert.deepEqual([120, 61, 9, 0].map(clock), ["2:00", "1:01", "0:09", "0:00"]);
});

test("nothing is asked while there is time", (t) => {
  const { watch, asked } = after(t, 170);
  watch.tick();
  assert.deepEqual(asked, []);
});

test("two minutes before the end the server is asked, and then the person", async (t) => {
  const { watch, dialog, part } = after(t, 180, stillIn(120));
  await watch.ask("GET");
  assert.ok(dialog.open);
  assert.equal(part("clock").textContent, "2:00");
  assert.equal(part("said").textContent, "120 seconds left.");
});

test("of a short time the last part is asked about, so that an upload is not", async (t) => {
  const { watch, dialog } = afterOf(t, 120, 60, stillIn(61), stillIn(48));
  await watch.ask("GET");
  assert.ok(!dialog.open);
  await watch.ask("GET");
  assert.ok(dialog.open);
});

test("who was busy in another tab is not asked", async (t) => {
  const { watch, dialog, document } = after(t, 180, stillIn(1800));
  await watch.ask("GET");
  assert.ok(!dialog.open);
  assert.equal(document.querySelector("[name=csrfmiddlewaretoken]").value, "new");
});

test("to stay takes the new token first and then goes on", async (t) => {
  const { watch, asked, dialog } = after(t, 200, stillIn(100), stillIn(1800));
  await watch.stay();
  assert.deepEqual(asked, ["GET", "POST"]);
  assert.ok(!dialog.open);
});

test("a page that holds what was typed gets a curtain, and goes on after a new sign-in", async (t) => {
  const one = after(t, 300, answer(401), stillIn(1800));
  typeIn(one);
  await one.watch.ask("GET");
  assert.deepEqual(one.asked, ["GET"]);
  assert.ok(one.dialog.classList.contains("is-out"));
  assert.ok(!one.part("sign-in").hidden && one.part("stay").hidden);
  await one.watch.ask("GET");
  assert.equal(one.part("title").textContent, "title");
  assert.ok(!one.dialog.open && one.part("sign-in").hidden);
});

test("a page that holds nothing goes to the sign-in and knows the way back", async (t) => {
  const { watch, asked } = after(t, 300, answer(401));
  await watch.ask("GET");
  assert.equal(asked[1], "/accounts/login/?next=%2Fcases%2F%3Fpage%3D2");
});

test("somebody else who signs in does not see the page", async (t) => {
  const { watch, part } = after(t, 200, stillIn(1800, 8));
  await watch.ask("GET");
  assert.equal(part("title").textContent, "Somebody else has signed in");
});

test("a server that does not answer is only missed at the end", async (t) => {
  const { watch, part } = after(t, 250);
  await watch.ask("GET");
  assert.equal(part("title").textContent, "title");
  t.mock.timers.setTime(300000);
  await watch.ask("GET");
  assert.equal(part("title").textContent, "Is the connection lost?");
});

test("whoever does something once a minute stays signed in", (t) => {
  const { watch, asked, document } = after(t, 59, stillIn(1800));
  watch.listen();
  fire(document.body, "keydown");
  assert.deepEqual(asked, []);
  t.mock.timers.setTime(60000);
  fire(document.body, "keydown");
  assert.deepEqual(asked, ["POST"]);
});
