/*
 * What lies at the beginning of files: the server reads in it what they are, so that there is one
 * truth about that. Here only what tells slices apart is understood.
 */
import { header, looksLikeDicom } from "./dicom.js";
import { sizeOf } from "./pack.js";
import { folderOf, topOf } from "./paths.js";
import { figures, stlOf } from "./surface.js";
import { begin, directory, stream } from "./zip.js";

const FIRST = 32 * 1024;
const LONG = 1024 ** 2; // A header of hundreds of frames.
const HEAD = 4096;
const HEAD_IN_ZIP = 1024;
const MOST_HEADS = 60; // Of the files in a ZIP that are no slices.
const LARGEST_SCAN = 300 * 1024 ** 2;
const AT_ONCE = 8;

const LITTER = [".ds_store", "thumbs.db", "desktop.ini", ".localized", ".lnk"];
const LITTER_FOLDERS = ["__macosx", ".spotlight-v100", ".trashes", ".fseventsd", "$recycle.bin"];

/* Left by a file manager, and sent by nobody on purpose. */
export const isLitter = (path) => {
  const parts = path.toLowerCase().split(/[/\\]/);
  const last = parts.pop();
  return (
    last.startsWith("._") ||
    LITTER.some((end) => last.endsWith(end)) ||
    parts.some((folder) => LITTER_FOLDERS.includes(folder))
  );
};

const asText = (bytes) => {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  }
  return btoa(text);
};

/* Does work for each of a list, some at a time, and tells each time that one is done. */
const each = async (list, work, told) => {
  const results = [];
  let next = 0;
  const one = async () => {
    while (next < list.length) {
      const n = next;
      next += 1;
      results[n] = await work(list[n]);
      told();
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, list.length) }, one));
  return results;
};

/* Of bytes that look like DICOM; null when they cannot be understood here. */
const dicomOf = async (first, more) => {
  try {
    return header(first);
  } catch {
    if (first.length < FIRST) return null;
  }
  try {
    return header(await more(LONG));
  } catch {
    return null;
  }
};

/*
 * What the beginning of a file, or of a member of a ZIP, shows. `whole` gives all its bytes as a
 * stream, `more` so many of the first.
 */
const lookAt = async ({ name, size, first, whole, more, headLength, told }) => {
  const seen = { name, size };
  if (looksLikeDicom(first)) seen.dicom = await dicomOf(first, more);
  if (seen.dicom) return seen;
  seen.head = first.slice(0, headLength);
  const stl = size <= LARGEST_SCAN && stlOf(first, size);
  if (stl) seen.mesh = await figures(stl, await whole(), size, told);
  return seen;
};

const inZip = async (file, entry, told) => {
  const opened = () => stream(file, entry);
  const more = async (most) => begin(await opened(), most);
  try {
    const first = await more(FIRST);
    const { name, size } = entry;
    const how = { whole: opened, more, headLength: HEAD_IN_ZIP, told };
    return await lookAt({ name, size, first, ...how });
  } catch {
    return null; // Damaged; the server says how.
  }
};

const lookIntoZip = async (file, told) => {
  const entries = (await directory(file)).filter(({ name }) => !isLitter(name));
  const open = entries.filter(({ isLocked }) => !isLocked);
  const members = await each(open, (entry) => inZip(file, entry, told), told);
  return {
    locked: entries.length - open.length,
    members: members.filter(Boolean),
    unread: members.filter((member) => !member).length,
  };
};

const isZip = (head) => head[0] === 0x50 && head[1] === 0x4b && [3, 5].includes(head[2]);

/* One chosen file: { dicom } or { head, mesh }, and of a ZIP its { zip }; {} if it cannot be read. */
const look = async ({ file, path }, told) => {
  const more = async (most) => new Uint8Array(await file.slice(0, most).arrayBuffer());
  const name = path.split("/").pop();
  try {
    const first = await more(FIRST);
    const how = { whole: () => file.stream(), more, headLength: HEAD, told };
    const seen = await lookAt({ name, size: file.size, first, ...how });
    if (seen.head && isZip(first)) seen.zip = await lookIntoZip(file, told).catch(() => null);
    return seen;
  } catch {
    return { name, size: file.size };
  }
};

/* Slices of one kind have one header; each says where it lies. */
const groups = (slices) => {
  const found = new Map();
  for (const { name, size, dicom } of slices) {
    const { head, position, alike } = dicom;
    if (!found.has(alike)) found.set(alike, { head: asText(head), members: [] });
    found.get(alike).members.push([name, size, position]);
  }
  return [...found.values()];
};

/* What the server is asked: see cases/intake/heads.py. */
const headsOf = (container, name, seen, { locked = 0, unread = 0 } = {}) => {
  const others = seen.filter(({ dicom }) => !dicom);
  return {
    container,
    name,
    locked,
    unread,
    entries: seen.length,
    dicom: groups(seen.filter(({ dicom }) => dicom)),
    files: others.slice(0, MOST_HEADS).map(({ name, size, head, mesh }) => ({
      name,
      size,
      head: head ? asText(head) : "",
      mesh: mesh || null,
    })),
  };
};

const headsOfFile = (seen) => {
  if (seen.zip) return headsOf("zip", seen.name, seen.zip.members, seen.zip);
  return seen.dicom || seen.head ? headsOf("", seen.name, [seen]) : null;
};

const LEAST_SERIES = 10; // Files; a smaller one beside it is a scout or a list of contents.
const LARGEST = 4_000_000_000; // Bytes, as a ZIP without zip64 has room for.
const MOST_IN_ONE = 20_000; // Files, as many as the server looks at; without zip64 65,535.
// What is sent by itself although it lies beside slices.
const OF_ITS_OWN =
  /\.(stl|ply|obj|pdf|jpe?g|png|heic|webp|tiff?|zip|7z|rar|t?gz|docx?|xlsx?|inv|dxd|3oxz?)$/i;

const byKey = (list, keyOf) => {
  const found = new Map();
  for (const one of list) {
    const key = keyOf(one);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(one);
  }
  return [...found.values()];
};

/* The series in a folder, the largest first; what is too small for one goes with the largest. */
const seriesOf = (slices) => {
  const sorted = byKey(slices, ({ seen }) => seen.dicom.series).sort((a, b) => b.length - a.length);
  const [largest, ...others] = sorted;
  const series = [largest];
  for (const one of others) {
    if (one.length < LEAST_SERIES) largest.push(...one);
    else series.push(one);
  }
  return series;
};

const inParts = (list) => {
  const parts = [[]];
  let size = 0;
  for (const one of list) {
    size += one.file.size + 1024;
    if (size > LARGEST || parts.at(-1).length === MOST_IN_ONE) {
      parts.push([]);
      size = one.file.size + 1024;
    }
    parts.at(-1).push(one);
  }
  return parts;
};

/* Of one folder: the lists of files that are sent as one each. */
const together = (list) => {
  const slices = list.filter(({ seen }) => seen.dicom);
  const least = topOf(list[0].path) ? 2 : LEAST_SERIES;
  if (slices.length < least) return list.map((one) => [one]);
  const others = list.filter(({ seen }) => !seen.dicom);
  // Viewers and lists of contents come along with the slices they belong to.
  const [largest, ...series] = seriesOf(slices);
  const isAlong = ({ path }) => topOf(path) && !OF_ITS_OWN.test(path);
  const alone = others.filter((one) => !isAlong(one)).map((one) => [one]);
  const packs = [[...largest, ...others.filter(isAlong)], ...series].flatMap(inParts);
  return [...packs, ...alone];
};

/*
 * What becomes of chosen files, [{ file, path }]: { items, litter }. An item is one file, or a
 * series that is packed into one: { key, name, folder, count, size, members, heads }, `members`
 * being numbers of the chosen files. `told` is called while it gets on.
 */
export const sort = async (entries, told = () => {}) => {
  const kept = entries
    .map((entry, index) => ({ ...entry, index }))
    .filter(({ path }) => !isLitter(path));
  const seen = await each(kept, (entry) => look(entry, told), told);
  const looked = kept.map((entry, n) => ({ ...entry, seen: seen[n] }));
  const lists = byKey(looked, ({ path }) => topOf(path)).flatMap(together);
  const litter = entries.map(({ path }) => path).filter(isLitter);
  return { items: lists.map(itemOf), litter };
};

const itemOf = (list, key) => {
  const [{ path, file, seen }] = list;
  const members = list.map(({ index }) => index);
  if (list.length === 1) {
    const [heads, folder, { name, size }] = [headsOfFile(seen), folderOf(path), file];
    return { key, name, folder, count: 1, size, members, heads };
  }
  const name = `${topOf(path) || "CBCT"}.zip`;
  const all = list.map((one) => ({ ...one.seen, name: one.path }));
  const [heads, size] = [headsOf("zip", name, all), sizeOf(list)];
  return { key, name, folder: topOf(path), count: list.length, size, members, heads };
};
