// Files that are dropped on a box of uploads.js.

/* The files of a drop, and whether a folder was among what was dropped. */
export const dropped = (items) => {
  const entries = [...items].filter((entry) => entry.kind === "file");
  const files = entries.filter((entry) => !entry.webkitGetAsEntry()?.isDirectory);
  return {
    files: files.map((entry) => entry.getAsFile()),
    hasFolder: files.length < entries.length,
  };
};

export const takeDrops = (target, take) => {
  target.addEventListener("dragover", (event) => {
    event.preventDefault();
    target.classList.add("is-over");
  });
  target.addEventListener("dragleave", () => target.classList.remove("is-over"));
  target.addEventListener("drop", (event) => {
    event.preventDefault();
    target.classList.remove("is-over");
    take(dropped(event.dataTransfer.items));
    target.closest("form")?.dispatchEvent(new Event("change")); // As a chosen file does.
  });
};
