// Packs the files of a folder as a browser does, and prints what size it told before.
// `node packed_of.mjs FOLDER ZIP`
import { writeFileSync } from "node:fs";
import { pack, sizeOf } from "../../static/js/intake/pack.js";
import { chosenIn } from "./folders.mjs";

const [folder, zip] = process.argv.slice(2);
const chosen = chosenIn(folder);
writeFileSync(zip, Buffer.from(await (await pack(chosen)).arrayBuffer()));
console.log(sizeOf(chosen));
