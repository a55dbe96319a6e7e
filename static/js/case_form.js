// The form of a case: new, or to be updated.
import "./autosave.js";
import "./kept_files.js";
import "./needs.js";
import "./submit_after_uploads.js";
import "./tooth_chart.js";
import "./upload_bar.js";
