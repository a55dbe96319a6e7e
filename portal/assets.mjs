// Copies exactly the third-party browser files that are used from node_modules into
// static/vendor/, so that collectstatic has few files to hash. A library that moves its
// files stops this script with a sentence.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const MODULES = join(ROOT, "node_modules");
const VENDOR = join(ROOT, "static", "vendor");

const FILES = {
  "bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
  "dicom-parser/dicom-parser.js": "dicom-parser/dist/dicomParser.min.js",
  "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
  "tus/tus.js": "tus-js-client/dist/tus.min.js",
};

const ICONS = `
  archive arrow-counterclockwise box-arrow-right box-seam calendar-check calendar-event
  calendar-plus calendar-x chat-left-text check-circle-fill check2 chevron-down chevron-left
  chevron-right circle-fill circle-half clock download envelope exclamation-octagon-fill
  exclamation-triangle-fill file-earmark file-earmark-medical file-earmark-pdf folder2-open gear
  hourglass-split info-circle-fill list-ul moon newspaper pause-circle-fill pause-fill
  pencil-square person-circle pin-angle-fill plus-lg printer search shield-check shield-slash sun
  tools truck upload x-circle-fill x-lg
`;
for (const name of ICONS.trim().split(/\s+/)) {
  FILES[`icons/${name}.svg`] = `bootstrap-icons/icons/${name}.svg`;
}

function stop(sentence) {
  console.error(`portal/assets.mjs: ${sentence}`);
  process.exit(1);
}

const FONTS = "@fontsource-variable/inter/files";
if (!existsSync(join(MODULES, FONTS))) {
  stop(`node_modules/${FONTS} is missing. Run "npm ci --ignore-scripts" and try again.`);
}
// The upright weight axis, one file for each alphabet; the browser fetches what a page needs.
const fonts = readdirSync(join(MODULES, FONTS)).filter((name) =>
  name.endsWith("-wght-normal.woff2"),
);
if (fonts.length === 0) {
  stop(`node_modules/${FONTS} holds no *-wght-normal.woff2. The package has changed: adapt FONTS.`);
}
for (const name of fonts) {
  FILES[`inter/${name}`] = `${FONTS}/${name}`;
}

const missing = Object.values(FILES).filter((source) => !existsSync(join(MODULES, source)));
if (missing.length > 0) {
  stop(
    `these files are not in node_modules: ${missing.join(", ")}. ` +
      `Run "npm ci --ignore-scripts"; if they stay away, correct their names in this script.`,
  );
}

// The source maps stay behind, and collectstatic refuses a file that names one it cannot find.
const SOURCE_MAP = /^(\/\/|\/\*)# sourceMappingURL=.*$/m;

// Made for Node.js or for a <script>, or as ES modules that import packages by name, which a
// browser cannot find. What dicom-parser requires is only for deflated files, which wait for the
// server's reader.
const AS_MODULES = ["tus-js-client", "dicom-parser"];
const asModule = (text) =>
  "const module = { exports: {} }, exports = module.exports, require = () => undefined;\n" +
  `${text}\nexport default module.exports;\n`;

function contents(source) {
  const bytes = readFileSync(join(MODULES, source));
  if (!/\.(css|js)$/.test(source)) return bytes;
  const text = bytes.toString("utf8").replace(SOURCE_MAP, "");
  return AS_MODULES.includes(source.split("/")[0]) ? asModule(text) : text;
}

rmSync(VENDOR, { recursive: true, force: true });
for (const [target, source] of Object.entries(FILES)) {
  mkdirSync(dirname(join(VENDOR, target)), { recursive: true });
  writeFileSync(join(VENDOR, target), contents(source));
}
