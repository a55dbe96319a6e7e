/*
 * Many files as one ZIP without compression: the lab gets the series as one file, and the line one
 * upload instead of hundreds. The bytes stay where they are; only their checksums are counted.
 */
const TABLES = (() => {
  const tables = Array.from({ length: 8 }, () => new Uint32Array(256));
  for (let n = 0; n < 256; n += 1) {
    let crc = n;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    tables[0][n] = crc;
  }
  for (let n = 0; n < 256; n += 1) {
    for (let t = 1; t < 8; t += 1) {
      const before = tables[t - 1][n];
      tables[t][n] = (before >>> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
})();
const PORTION = 4 * 1024 ** 2;
const UTF_8 = 0x0800;
const VERSION = 20;
const FIRST_DAY = 0x0021; // 1980-01-01, as a ZIP counts: the same files give the same bytes.

/* CRC-32 of more bytes, eight at a time (PKWARE APPNOTE 4.4.7). */
export const crc32 = (bytes, before = 0) => {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = TABLES;
  let crc = ~before;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    const low =
      crc ^ (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24));
    crc =
      t7[low & 0xff] ^
      t6[(low >>> 8) & 0xff] ^
      t5[(low >>> 16) & 0xff] ^
      t4[low >>> 24] ^
      t3[bytes[at + 4]] ^
      t2[bytes[at + 5]] ^
      t1[bytes[at + 6]] ^
      t0[bytes[at + 7]];
  }
  for (; at < bytes.length; at += 1) crc = (crc >>> 8) ^ t0[(crc ^ bytes[at]) & 0xff];
  return ~crc >>> 0;
};

const checksum = async (file) => {
  let crc = 0;
  for (let at = 0; at < file.size; at += PORTION) {
    crc = crc32(new Uint8Array(await file.slice(at, at + PORTION).arrayBuffer()), crc);
  }
  return crc;
};

/* Numbers of 2 or 4 bytes, one after the other, as a ZIP writes them. */
const written = (...numbers) => {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [, bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [number, bytes] of numbers) {
    if (bytes === 2) view.setUint16(at, number, true);
    else view.setUint32(at, number, true);
    at += bytes;
  }
  return view;
};

const common = ({ crc, size, name }) => [
  ...[VERSION, UTF_8, 0, 0, FIRST_DAY].map((number) => [number, 2]),
  ...[crc, size, size].map((number) => [number, 4]),
  [name.length, 2],
  [0, 2],
];

const local = (entry) => written([0x04034b50, 4], ...common(entry));

const central = (entry) =>
  written(
    [0x02014b50, 4],
    [VERSION, 2],
    ...common(entry),
    ...[0, 0, 0].map((number) => [number, 2]),
    [0, 4],
    [entry.offset, 4],
  );

/* "a (2).dcm" for the second of two files of one name. */
const toldApart = (path, taken) => {
  let name = path;
  for (let n = 2; taken.has(name); n += 1) name = path.replace(/(\.[^./]*)?$/, ` (${n})$1`);
  taken.add(name);
  return name;
};

const namesOf = (entries) => {
  const taken = new Set();
  return entries.map(({ path }) => new TextEncoder().encode(toldApart(path, taken)));
};

/* How many bytes the ZIP of [{ file, path }] will have: two heads and two names a file. */
export const sizeOf = (entries) =>
  namesOf(entries).reduce(
    (size, name, n) => size + 76 + 2 * name.length + entries[n].file.size,
    22,
  );

/* The ZIP of [{ file, path }] as a Blob. Rejects when one of the files cannot be read. */
export const pack = async (entries) => {
  const parts = [];
  const directory = [];
  const names = namesOf(entries);
  let offset = 0;
  for (const [n, { file }] of entries.entries()) {
    const name = names[n];
    const entry = { name, size: file.size, crc: await checksum(file), offset };
    const head = local(entry);
    parts.push(head, name, file);
    directory.push(central(entry), name);
    offset += head.byteLength + name.length + file.size;
  }
  const size = directory.reduce((sum, part) => sum + part.byteLength, 0);
  const count = entries.length;
  const end = written(
    [0x06054b50, 4],
    ...[0, 0, count, count].map((number) => [number, 2]),
    [size, 4],
    [offset, 4],
    [0, 2],
  );
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
};
