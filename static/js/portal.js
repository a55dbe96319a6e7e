// What every page of the portal has.
import "./dismiss.js";
import "./leave.js";
import "./menu.js";
import "./print.js";
import "./submit_once.js";
