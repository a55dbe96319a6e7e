// The files of a folder as a page gets them that it was dropped on.
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

const pathsIn = (folder) =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();

export const chosenIn = (folder) =>
  pathsIn(folder).map((path) => ({
    file: new File([readFileSync(path)], basename(path)),
    path: relative(folder, path),
  }));
