// Packs the files of a folder as a browser does: `node packed_of.mjs FOLDER ZIP`.
import { writeFileSync } from "node:fs";
import { pack } from "../../static/js/intake/pack.js";
import { chosenIn } from "./folders.mjs";

const [folder, zip] = process.argv.slice(2);
writeFileSync(zip, Buffer.from(await (await pack(chosenIn(folder))).arrayBuffer()));
