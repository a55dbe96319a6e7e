import assert from "node:assert/strict";
import test from "node:test";
import { deflateRawSync } from "node:zlib";
import { sort } from "../../static/js/intake/look.js";
import { crc32, pack, sizeOf } from "../../static/js/intake/pack.js";
import { figures, stlOf } from "../../static/js/intake/surface.js";
import { begin, directory, stream } from "../../static/js/intake/zip.js";
import { numbers, slice, stl } from "./made.mjs";

const text = (bytes) => new TextDecoder().decode(bytes);
const file = (body, path) => ({ file: new File([body], path.split("/").pop()), path });

/* A ZIP of one member, whose own head says nothing of its sizes: they follow behind it. */
const zipped = (name, body, { is64 = false, flags = 0x0808, method = 8 } = {}) => {
  const packed = method === 8 ? deflateRawSync(body) : body;
  // biome-ignore format: as a ZIP lists them
  const head = numbers(
    "I HHHHH III HH",
    0x04034b50, 20, flags, method, 0, 33, 0, 0, 0, name.length, 0,
  );
  const descriptor = numbers("III", 1, 2, 3);
  const at = head.length + name.length + packed.length + descriptor.length;
  const sizes = is64 ? [-1, -1] : [packed.length, body.length];
  const extra = is64 ? numbers("HH QQQ", 1, 24, body.length, packed.length, 0) : Buffer.alloc(0);
  // biome-ignore format: as a ZIP lists them
  const listed = numbers(
    "I HHHHHH III HHHHH II",
    0x02014b50, 20, 20, flags, method, 0, 33, crc32(body), ...sizes,
    name.length, extra.length, 0, 0, 0, 0, is64 ? -1 : 0,
  );
  const entry = Buffer.concat([listed, Buffer.from(name), extra]);
  const end64 = Buffer.concat([
    numbers("I Q HH II QQQQ", 0x06064b50, 44, 45, 45, 0, 0, 1, 1, entry.length, at),
    numbers("II Q I", 0x07064b50, 0, at + entry.length, 1),
  ]);
  const end = is64
    ? numbers("I HHHH II H", 0x06054b50, 0, 0, -1, -1, -1, -1, 0)
    : numbers("I HHHH II H", 0x06054b50, 0, 0, 1, 1, entry.length, at, 0);
  const parts = [head, Buffer.from(name), packed, descriptor, entry, is64 ? end64 : "", end];
  return new File(parts, "made.zip");
};

const BODY = Buffer.from("what lies in it, ".repeat(400));

for (const [what, options] of [
  ["with sizes behind its members", {}],
  ["with zip64 records", { is64: true }],
  ["without compression", { method: 0 }],
]) {
  test(`a ZIP ${what} is read by its directory`, async () => {
    const zip = zipped("a/b.dcm", BODY, options);
    const [entry] = await directory(zip);
    assert.deepEqual([entry.name, entry.size, entry.isLocked], ["a/b.dcm", BODY.length, false]);
    assert.equal(text(await begin(await stream(zip, entry), 1e6)), BODY.toString());
    assert.equal(text(await begin(await stream(zip, entry), 4)), "what");
  });
}

test("a locked member is counted, and not read", async () => {
  const locked = zipped("a.dcm", BODY, { flags: 1 });
  const { items } = await sort([{ file: locked, path: "a.zip" }]);
  const { container, locked: count, entries, files } = items[0].heads;
  assert.deepEqual([container, count, entries, files], ["zip", 1, 0, []]);
});

test("of a ZIP whose directory is broken nothing is said", async () => {
  const bytes = Buffer.from(await zipped("a.dcm", BODY).arrayBuffer());
  bytes.write("XX", bytes.lastIndexOf("PK\x01\x02"));
  const broken = new File([bytes], "a.zip");
  await assert.rejects(directory(broken), /broken directory/);
  const { items } = await sort([{ file: broken, path: "a.zip" }]);
  assert.deepEqual([items[0].heads.container, items[0].heads.files.length], ["", 1]);
});

test("what was packed can be opened again, and the same files give the same bytes", async () => {
  const chosen = [file("one", "Müller/a.dcm"), file("two", "Müller/a.dcm"), file("", "Müller/b")];
  const zip = await pack(chosen);
  assert.equal(zip.size, sizeOf(chosen));
  assert.equal(await (await pack(chosen)).text(), await zip.text());
  const entries = await directory(zip);
  const bodies = await Promise.all(
    entries.map(async (entry) => text(await begin(await stream(zip, entry), 99))),
  );
  assert.deepEqual(
    entries.map(({ name }) => name),
    ["Müller/a.dcm", "Müller/a (2).dcm", "Müller/b"],
  );
  assert.deepEqual(bodies, ["one", "two", ""]);
});

test("checksums are those of every ZIP, also in portions", () => {
  const bytes = Buffer.from("123456789");
  assert.equal(crc32(bytes), 0xcbf43926);
  assert.equal(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4))), 0xcbf43926);
});

const CD = [
  ...Array.from({ length: 12 }, (_, n) => file(slice({ place: n }), `CD/1/${n}.dcm`)),
  ...[0, 1].map((n) => file(slice({ series: "1.2.9", place: n }), `CD/2/scout${n}.dcm`)),
  file("viewer", "CD/Viewer.exe"),
  file(stl(1), "CD/upper.stl"),
  file("litter", "CD/.DS_Store"),
  file("litter", "__MACOSX/CD/a.dcm"),
  file(stl(1), "lower.stl"),
];

test("a CD is one item with its scouts and viewer, a scan beside it another", async () => {
  const { items, litter } = await sort(CD);
  assert.deepEqual(litter, ["CD/.DS_Store", "__MACOSX/CD/a.dcm"]);
  assert.deepEqual(
    items.map(({ name, folder, count }) => [name, folder, count]),
    [
      ["CD.zip", "CD", 15],
      ["upper.stl", "CD", 1],
      ["lower.stl", "", 1],
    ],
  );
  assert.deepEqual(
    items[0].heads.dicom.map(({ members }) => members.length),
    [12, 2],
  );
  assert.deepEqual(items[0].heads.dicom[0].members[3].slice(0, 1), ["CD/1/3.dcm"]);
});

test("it is told for each file and each member that something was read", async () => {
  let times = 0;
  await sort([file(await (await pack(CD)).arrayBuffer(), "CD.zip")], () => {
    times += 1;
  });
  assert.ok(times > CD.length - 2, `${times}`); // Without litter, and the ZIP itself.
});

test("two large series of one folder are sent as two", async () => {
  const two = ["1.2.3", "1.2.4"].flatMap((series) =>
    Array.from({ length: 10 }, (_, n) => file(slice({ series, place: n }), `CD/${series}/${n}`)),
  );
  const { items } = await sort(two);
  assert.deepEqual(
    items.map(({ count }) => count),
    [10, 10],
  );
});

test("slices of 256 and of 512 rows do not share a header", async () => {
  const chosen = [256, 512].map((rows) => file(slice({ rows, place: 0 }), `CD/${rows}.dcm`));
  const { items } = await sort(chosen);
  assert.equal(items[0].heads.dicom.length, 2);
});

test("a binary STL may begin with solid, and is measured in portions of any size", async () => {
  const bytes = stl(3, "solid jaw");
  assert.equal(stlOf(bytes, bytes.length), "binary");
  const portions = new ReadableStream({
    start(to) {
      for (let at = 0; at < bytes.length; at += 7) to.enqueue(bytes.subarray(at, at + 7));
      to.close();
    },
  });
  assert.deepEqual(await figures("binary", portions, bytes.length), {
    box: [
      [0, 0, 0],
      [3, 1, 1],
    ],
    ...{ nan: false, format: "STL" },
    ...{ declared: 3, count: 3, behind: 0 },
  });
});

/* A file of so many bytes that counts those which are read. */
class Counted {
  read = 0;
  constructor(blob) {
    Object.assign(this, { blob, size: blob.size, name: "a.dcm" });
  }
  slice(from, to) {
    const part = this.blob.slice(from, to);
    return {
      arrayBuffer: () => {
        this.read += part.size;
        return part.arrayBuffer();
      },
      stream: () =>
        part.stream().pipeThrough(
          new TransformStream({
            transform: (bytes, to) => {
              this.read += bytes.length;
              to.enqueue(bytes);
            },
          }),
        ),
    };
  }
}

test("of large files only the beginning is read", async () => {
  const large = new Counted(new Blob([slice({ place: 0 }), new Uint8Array(8 << 20)]));
  const zip = new Counted(await pack([{ file: large.blob, path: "a.dcm" }]));
  const { items } = await sort([
    { file: large, path: "a.dcm" },
    { file: zip, path: "b.zip" },
  ]);
  assert.ok(items.every(({ heads }) => heads.dicom.length === 1));
  assert.ok(large.read <= 64 * 1024, `${large.read}`);
  assert.ok(zip.read < 1 << 20, `${zip.read}`);
});
