// The directory of a ZIP and the beginnings of its members, by reading as little as possible.
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const CENTRAL = 0x02014b50;
const LONGEST_COMMENT = 65_535;
const MOST = 20_000; // Members; whoever has more is asked nothing.
const FULL = 0xffffffff; // "Look into the zip64 field."

const viewOf = async (file, from, to) => new DataView(await file.slice(from, to).arrayBuffer());
const long = (view, at) => Number(view.getBigUint64(at, true));

/* Where the directory lies: { at, size, count }. Throws for what is no whole ZIP. */
const endOf = async (file) => {
  const from = Math.max(file.size - 22 - LONGEST_COMMENT - 20, 0);
  const view = await viewOf(file, from, file.size);
  for (let at = view.byteLength - 22; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== END) continue;
    if (at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) {
      return endOf64(file, long(view, at - 12));
    }
    return {
      count: view.getUint16(at + 10, true),
      size: view.getUint32(at + 12, true),
      at: view.getUint32(at + 16, true),
    };
  }
  throw new Error("no end of a directory");
};

const endOf64 = async (file, at) => {
  const view = await viewOf(file, at, at + 56);
  if (view.getUint32(0, true) !== END_64) throw new Error("no end of a zip64 directory");
  return { count: long(view, 32), size: long(view, 40), at: long(view, 48) };
};

/* Sizes beyond 4 GB stand in an extra field, those that are needed one after the other. */
const enlarge = (entry, view, from, to) => {
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    let next = at + 4;
    for (const name of ["size", "packed", "offset"]) {
      if (entry[name] !== FULL) continue;
      entry[name] = long(view, next);
      next += 8;
    }
  }
};

/*
 * The files in a ZIP: [{ name, size, packed, offset, method, isLocked }]. Sizes are those of the
 * directory, never of the descriptors behind the members. Throws for what is no whole ZIP.
 */
export const directory = async (file) => {
  const end = await endOf(file);
  if (end.count > MOST) throw new Error("too many members");
  const view = await viewOf(file, end.at, end.at + end.size);
  const entries = [];
  let at = 0;
  while (entries.length < end.count) {
    if (view.getUint32(at, true) !== CENTRAL) throw new Error("a broken directory");
    const [nameLength, extra, comment] = [28, 30, 32].map((n) => view.getUint16(at + n, true));
    const entry = {
      name: new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, nameLength)),
      size: view.getUint32(at + 24, true),
      packed: view.getUint32(at + 20, true),
      offset: view.getUint32(at + 42, true),
      method: view.getUint16(at + 10, true),
      isLocked: (view.getUint16(at + 8, true) & 1) === 1,
    };
    enlarge(entry, view, at + 46 + nameLength, at + 46 + nameLength + extra);
    entries.push(entry);
    at += 46 + nameLength + extra + comment;
  }
  return entries.filter(({ name }) => !name.endsWith("/"));
};

const STORED = 0;
const DEFLATED = 8;

const LEAST_PORTION = 32 * 1024;
const LARGEST_PORTION = 1024 ** 2;

/* Read only as they are asked for: a browser's own stream of a Blob reads far ahead. */
const portions = (file, from, to) => {
  let at = from;
  let size = LEAST_PORTION;
  const pull = async (taker) => {
    const bytes = await file.slice(at, Math.min(at + size, to)).arrayBuffer();
    if (bytes.byteLength === 0) return taker.close();
    at += bytes.byteLength;
    size = Math.min(2 * size, LARGEST_PORTION);
    return taker.enqueue(new Uint8Array(bytes));
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
};

/* The unpacked bytes of a member as a ReadableStream. Throws for a method that no browser knows. */
export const stream = async (file, entry) => {
  const head = await viewOf(file, entry.offset, entry.offset + 30);
  const start = entry.offset + 30 + head.getUint16(26, true) + head.getUint16(28, true);
  const body = portions(file, start, start + entry.packed);
  if (entry.method === STORED) return body;
  if (entry.method !== DEFLATED) throw new Error("an unknown way of packing");
  return body.pipeThrough(new DecompressionStream("deflate-raw"));
};

/* The first bytes of a stream, `most` at most; the rest is not read. */
export const begin = async (bytes, most) => {
  const reader = bytes.getReader();
  const parts = [];
  let length = 0;
  while (length < most) {
    const { value, done } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  reader.cancel().catch(() => {});
  return joined(parts, Math.min(length, most));
};

const joined = (parts, length) => {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part.subarray(0, length - at), at);
    at += Math.min(part.length, length - at);
  }
  return all;
};
