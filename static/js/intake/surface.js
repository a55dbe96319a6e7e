// Surface scans: of STL how many triangles there are, how large they are and whether all are numbers.
const HEAD = 84;
const TRIANGLE = 50;
const LONGEST_TEXT = 32 * 1024 ** 2;
const VERTEX = /vertex\s+(\S+)\s+(\S+)\s+(\S+)/gi;

const hasZero = (bytes) => bytes.subarray(0, 1024).includes(0);

const isText = (bytes) =>
  /^\s*solid/i.test(new TextDecoder("latin1").decode(bytes.subarray(0, 1024))) && !hasZero(bytes);

const declared = (bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(80, true);

/* "binary", "text" or null, as the server tells them too: by the size, whatever the head says. */
export const stlOf = (bytes, size) => {
  if (bytes.length >= HEAD) {
    const count = declared(bytes);
    if (size === HEAD + TRIANGLE * count) return "binary";
    const isSane = count > 0 && count < 2 ** 26 && hasZero(bytes) && size > HEAD;
    if (isSane && !isText(bytes)) return "binary";
  }
  return isText(bytes) ? "text" : null;
};

class Box {
  least = [Infinity, Infinity, Infinity];
  most = [-Infinity, -Infinity, -Infinity];
  nan = false;

  add(axis, value) {
    if (!Number.isFinite(value)) {
      this.nan = true;
      return;
    }
    if (value < this.least[axis]) this.least[axis] = value;
    if (value > this.most[axis]) this.most[axis] = value;
  }

  facts(more) {
    const box = [this.least, this.most];
    return { box: box.flat().every(Number.isFinite) ? box : null, nan: this.nan, ...more };
  }
}

/* Takes the bytes as they come: a triangle may lie across two portions of them. */
const binary = async (stream, told) => {
  const box = new Box();
  let carry = new Uint8Array(0);
  let count = null;
  let there = 0;
  let behind = 0;
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    told();
    const bytes = new Uint8Array(carry.length + value.length);
    bytes.set(carry);
    bytes.set(value, carry.length);
    let at = 0;
    if (count === null) {
      if (bytes.length < HEAD) {
        carry = bytes;
        continue;
      }
      count = declared(bytes);
      at = HEAD;
    }
    const view = new DataView(bytes.buffer);
    for (; at + TRIANGLE <= bytes.length && there < count; at += TRIANGLE, there += 1) {
      // Behind the normal, three points of three numbers.
      for (let n = 0; n < 9; n += 1) box.add(n % 3, view.getFloat32(at + 12 + 4 * n, true));
    }
    if (there === count) {
      behind += bytes.length - at;
      at = bytes.length;
    }
    carry = bytes.slice(at);
  }
  return box.facts({ format: "STL", declared: count, count: there, behind });
};

const text = async (stream, size) => {
  if (size > LONGEST_TEXT) return null;
  const words = await new Response(stream).text();
  const box = new Box();
  let points = 0;
  for (const found of words.matchAll(VERTEX)) {
    for (let axis = 0; axis < 3; axis += 1) box.add(axis, Number(found[axis + 1]));
    points += 1;
  }
  const isWhole = /endsolid/i.test(words.slice(-4096)) && points % 3 === 0;
  const count = Math.floor(points / 3);
  return box.facts({ format: "STL (text)", count, declared: count + (isWhole ? 0 : 1), behind: 0 });
};

/*
 * The figures of an STL of a kind that `stlOf` gave; null for text that takes too long. `told` is
 * called while it gets on.
 */
export const figures = (kind, stream, size, told = () => {}) =>
  kind === "binary" ? binary(stream, told) : text(stream, size);
