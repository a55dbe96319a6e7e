// The form of a case: new, or to be updated.
import "./autosave.js";
import "./kept_files.js";
import "./submit_after_uploads.js";
import "./tooth_chart.js";
