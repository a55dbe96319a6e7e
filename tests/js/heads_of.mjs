// Prints, for each folder named, what a browser would ask the server of the files in it, as JSON.
import { sort } from "../../static/js/intake/look.js";
import { chosenIn } from "./folders.mjs";

for (const folder of process.argv.slice(2)) {
  console.log(JSON.stringify(await sort(chosenIn(folder))));
}
