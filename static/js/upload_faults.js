// Whether files of this computer can still be read: one that was changed, moved or is on a stick
// that was pulled fails in a browser as a lost line does, as a request without an answer.
const isThere = async (file) => {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
};

/* The first of the files that cannot be read any more, or undefined. */
export const gone = async (files) => {
  const found = await Promise.all(files.map(isThere));
  return files[found.indexOf(false)];
};

export const sentenceOf = (file) =>
  `“${file.name}” was changed, moved or can no longer be read on this computer. Choose it again.`;
