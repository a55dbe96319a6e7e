// Bytes of small files as machines write them.
const BYTES = { H: 2, I: 4, Q: 8 };

/* Numbers one after the other, lowest byte first; -1 is the largest. */
export const numbers = (kinds, ...values) =>
  Buffer.concat(
    [...kinds.replaceAll(" ", "")].map((kind, n) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(values[n])));
      return bytes.subarray(0, BYTES[kind]);
    }),
  );

const element = (group, number, kind, value) => {
  const body =
    typeof value === "string" ? Buffer.from(value + " ".repeat(value.length % 2)) : value;
  return Buffer.concat([
    numbers("HH", group, number),
    Buffer.from(kind),
    numbers("H", body.length),
    body,
  ]);
};

/* A CT slice without pixels to speak of. */
export const slice = ({ series = "1.2.3", rows = 16, place }) =>
  Buffer.concat([
    Buffer.alloc(128),
    Buffer.from("DICM"),
    element(2, 0x10, "UI", "1.2.840.10008.1.2.1\0"),
    element(8, 0x16, "UI", "1.2.840.10008.5.1.4.1.1.2\0"),
    element(8, 0x60, "CS", "CT"),
    element(0x20, 0xe, "UI", series),
    element(0x20, 0x32, "DS", `0\\0\\${place}`),
    element(0x28, 0x10, "US", numbers("H", rows)),
    element(0x28, 0x11, "US", numbers("H", rows)),
    ...[numbers("HH", 0x7fe0, 0x10), Buffer.from("OW\0\0"), numbers("I", 4), Buffer.alloc(4)],
  ]);

/* So many triangles in a row, each one wide and high and deep. */
export const stl = (count, head = "") => {
  const bytes = Buffer.alloc(84 + 50 * count);
  bytes.write(head);
  bytes.writeUInt32LE(count, 80);
  for (let n = 0; n < count; n += 1) {
    const points = [n, 0, 0, n + 1, 0, 0, n, 1, 1];
    for (const [at, number] of points.entries()) bytes.writeFloatLE(number, 96 + 50 * n + 4 * at);
  }
  return new Uint8Array(bytes);
};
