import assert from "node:assert/strict";
import test from "node:test";
import { answer, fire, page } from "./page.mjs";

const list = (state, poll = "") =>
  `<ul data-upload-kept="/cases/kept/" ${poll}>
     <li data-upload="/files/1/">${state} <button data-remove="/files/1/">Remove</button></li>
   </ul>`;
const asked = [];
const waiting = [];
let answers = [];
const news = '<input type="file"><p data-upload-news></p>';
const document = page(`<div>${news}${list("Arrived", "data-poll")}</div>`, {
  fetch: async (url, options) => {
    asked.push([options?.method ?? "GET", url]);
    return answers.shift() ?? Promise.reject(new TypeError("no line"));
  },
  setInterval: () => {}, // What uploads.js ticks by.
  setTimeout: (then, pause) => waiting.push([then, pause]),
});
const { attach } = await import("../../static/js/kept_files.js");
document.cookie = "csrftoken=t";
const box = document.querySelector("div");
attach(box);

/* Lets the time that was planned come; gives how long it would have taken. */
const timeComes = async () => {
  const [[then, pause]] = waiting.splice(0);
  await then();
  return pause;
};

test("a list with a file on its way is asked for again, also after a line that was cut", async () => {
  assert.equal(await timeComes(), 3000);
  answers = [answer(200, list("Being stored", "data-poll"))];
  await timeComes();
  assert.deepEqual(asked.splice(0), [
    ["GET", "/cases/kept/"],
    ["GET", "/cases/kept/"],
  ]);
  assert.match(box.textContent, /Being stored/);
});

test("once all are stored nobody asks any more", async () => {
  answers = [answer(200, list("Stored"))];
  await timeComes();
  assert.match(box.textContent, /Stored/);
  assert.deepEqual(waiting, []);
});

test("a file that arrived is asked for, once for several of them", async () => {
  fire(box, "uploads:stale");
  fire(box, "uploads:stale");
  assert.equal(waiting.length, 1);
  answers = [answer(200, list("Arrived"))];
  assert.equal(await timeComes(), 500);
});

test("what is removed goes from the list, and the page says so", async () => {
  answers = [answer(204), answer(200, "<ul data-upload-kept='/cases/kept/'></ul>")];
  asked.length = 0;
  fire(box.querySelector("button"), "click");
  await new Promise(setImmediate);
  await timeComes();
  assert.deepEqual(asked, [
    ["DELETE", "/files/1/"],
    ["GET", "/cases/kept/"],
  ]);
  assert.equal(box.querySelector("button"), null);
  assert.equal(box.querySelector("[data-upload-news]").textContent, "The file is removed.");
});
