import assert from "node:assert/strict";
import test from "node:test";
import { fire, page } from "./page.mjs";

const moved = [];
let printed = 0;
const document = page(
  `<div class="alert"><button data-dismiss>×</button></div>
   <button data-toggle-menu aria-controls="menu" aria-expanded="false">Menu</button>
   <nav id="menu"><details data-menu open><summary>Robin</summary><a>Account</a></details></nav>
   <button data-print>Print</button>
   <form data-sign-out></form>
   <form data-submit-once><button type="submit" data-busy="Sending…">Submit</button></form>`,
  {
    location: Object.assign(new URL("https://portal.example/cases/#files"), {
      replace: (address) => moved.push(String(address)),
    }),
    print: () => {
      printed += 1;
    },
  },
);
await import("../../static/js/portal.js");
const $ = (selector) => document.querySelector(selector);

test("a message is put away", () => {
  fire($("[data-dismiss]"), "click");
  assert.equal($(".alert"), null);
});

test("the button opens and closes the menu and says so", () => {
  const button = $("[data-toggle-menu]");
  fire(button, "click");
  assert.equal(button.getAttribute("aria-expanded"), "true");
  assert.ok($("#menu").classList.contains("is-open"));
  fire(button, "click");
  assert.equal(button.getAttribute("aria-expanded"), "false");
});

test("a menu stays open for a click in it and closes with one elsewhere", () => {
  $("details").setAttribute("open", "");
  fire($("details a"), "click");
  assert.ok($("details").hasAttribute("open"));
  fire(document.body, "click");
  assert.ok(!$("details").hasAttribute("open"));
});

test("Escape closes a menu and gives the focus back", () => {
  let focused = false;
  $("summary").focus = () => {
    focused = true;
  };
  $("details").setAttribute("open", "");
  fire(document.body, "keydown", { key: "a" });
  assert.ok($("details").hasAttribute("open"));
  fire(document.body, "keydown", { key: "Escape" });
  assert.ok(!$("details").hasAttribute("open"));
  assert.ok(focused);
});

test("a button prints", () => {
  fire($("[data-print]"), "click");
  assert.equal(printed, 1);
});

test("signing out leaves nothing in the browser, other forms do", () => {
  localStorage.setItem("theme", "dark");
  fire($("[data-submit-once]"), "submit", { submitter: null });
  assert.equal(localStorage.getItem("theme"), "dark");
  fire($("[data-sign-out]"), "submit");
  assert.equal(localStorage.getItem("theme"), null);
});

test("a page that the browser kept is asked for again, without its place", () => {
  fire(window, "pageshow", { persisted: false });
  assert.deepEqual(moved, []);
  fire(window, "pageshow", { persisted: true });
  assert.deepEqual(moved, ["https://portal.example/cases/"]);
});

test("a form goes off once, and its button says that it is on its way", () => {
  const form = $("[data-submit-once]");
  delete form.dataset.onItsWay;
  assert.ok(fire(form, "submit", { submitter: form.querySelector("button") }));
  assert.equal(form.querySelector("button").textContent, "Sending…");
  assert.equal(form.querySelector("button").getAttribute("aria-disabled"), "true");
  assert.ok(!fire(form, "submit"));
});
