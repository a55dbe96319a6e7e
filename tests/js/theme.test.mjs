import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { runInThisContext } from "node:vm";
import { fire, page, storage } from "./page.mjs";

const SOURCE = readFileSync(new URL("../../static/js/theme.js", import.meta.url), "utf8");
const BUTTONS = ["light", "system", "dark"].map((name) => `<button data-theme-choice="${name}">`);

const load = (kept, isDark, localStorage = storage()) => {
  if (kept) localStorage.setItem("theme", kept);
  const system = {
    matches: isDark,
    addEventListener: (_type, told) => {
      system.changed = told;
    },
  };
  const document = page(BUTTONS.join("</button>"), { localStorage, matchMedia: () => system });
  runInThisContext(SOURCE);
  const pressed = () => document.querySelector("[aria-pressed=true]").dataset.themeChoice;
  return { document, system, pressed, theme: () => document.documentElement.dataset.bsTheme };
};

for (const [kept, isDark, theme, choice] of [
  [null, false, "light", "system"],
  [null, true, "dark", "system"],
  ["dark", false, "dark", "dark"],
  ["light", true, "light", "light"],
  ["auto", true, "dark", "system"],
]) {
  test(`${kept} on a ${isDark ? "dark" : "light"} device shows ${theme}`, () => {
    const shown = load(kept, isDark);
    assert.deepEqual([shown.theme(), shown.pressed()], [theme, choice]);
  });
}

test("a choice is shown and kept", () => {
  const { document, theme, pressed } = load(null, false);
  fire(document.querySelector("[data-theme-choice=dark]"), "click");
  assert.deepEqual([theme(), pressed(), localStorage.getItem("theme")], ["dark", "dark", "dark"]);
});

test("the page follows the device at dusk", () => {
  const { system, theme } = load(null, false);
  system.matches = true;
  system.changed();
  assert.equal(theme(), "dark");
});

test("without storage the choice lasts for the page", () => {
  const { document, theme } = load(null, false, null);
  fire(document.querySelector("[data-theme-choice=dark]"), "click");
  assert.equal(theme(), "dark");
});
