// Files that are dropped on a box of uploads.js, and all that is in a folder among them.
const MOST = 10_000; // A folder with more is no patient's: the disk was meant by mistake.

const entriesOf = async (folder) => {
  const reader = folder.createReader();
  const found = [];
  // It gives 100 at a time, and none when it is through.
  for (;;) {
    const some = await new Promise((give, fail) => reader.readEntries(give, fail));
    if (some.length === 0) return found;
    found.push(...some);
  }
};

const fileOf = (entry) => new Promise((give, fail) => entry.file(give, fail));

const walk = async (entry, path, found) => {
  if (found.length > MOST) return;
  if (entry.isFile) {
    found.push({ file: await fileOf(entry), path });
    return;
  }
  for (const one of await entriesOf(entry)) await walk(one, `${path}/${one.name}`, found);
};

/*
 * What was dropped, as { file, path }, each with the folders it lay in. Rejects with a sentence
 * for people when a folder cannot be read or holds too much.
 */
export const dropped = (items) => {
  // Afterwards a drop has no entries any more: all are taken before anything is waited for.
  const taken = [...items]
    .filter((item) => item.kind === "file")
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  return gather(taken);
};

const gather = async (taken) => {
  const found = [];
  for (const one of taken) {
    if (one instanceof Blob) found.push({ file: one, path: one.name });
    else await walkOrSay(one, found);
  }
  if (found.length > MOST) {
    throw new Error(
      `There are more than ${MOST.toLocaleString()} files in it. Nothing was sent: please choose the folder of this patient.`,
    );
  }
  return found;
};

const walkOrSay = async (entry, found) => {
  try {
    await walk(entry, entry.name, found);
  } catch {
    throw new Error(
      `“${entry.name}” cannot be read on this computer. Nothing was sent: please choose it again.`,
    );
  }
};

/* The files of an <input>; of one that takes folders, with theirs. */
export const chosen = (input) =>
  [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));

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
