// Prints, for each folder named, what a browser would ask the server of the files in it, as JSON.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { sort } from "../../static/js/intake/look.js";

const files = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

for (const folder of process.argv.slice(2)) {
  const entries = files(folder).map((path) => ({
    file: new File([readFileSync(path)], path.split("/").pop()),
    path: relative(folder, path),
  }));
  console.log(JSON.stringify(await sort(entries)));
}
