// The header of a DICOM file: its raw bytes, and the few values by which slices differ.
import dicomParser from "../../vendor/dicom-parser/dicom-parser.js";

const PIXELS = "x7fe00010";
const PREAMBLE = 132;
const IMPLICIT = "1.2.840.10008.1.2";
const EXPLICIT = "1.2.840.10008.1.2.1";
// Slices that agree in these have one header, but for where they lie: transfer syntax, character
// set, image type, class, study date, modality, maker, description, model, patient, birth date,
// thickness, distance, spacing at the detector, series, orientation, samples, frames, size, spacing,
// bits, whether packed with a loss.
const ALIKE = `x00020010 x00080005 x00080008 x00080016 x00080020 x00080060 x00080070 x0008103e
  x00081090 x00100010 x00100030 x00180050 x00180088 x00181164 x0020000e x00200037 x00280002 x00280008
  x00280010 x00280011 x00280030 x00280100 x00282110`.split(/\s+/);

const isUpper = (byte) => byte >= 65 && byte <= 90;

const hasPreamble = (bytes) =>
  String.fromCharCode(...bytes.subarray(PREAMBLE - 4, PREAMBLE)) === "DICM";

/* By the first bytes, as the server looks at them too: with a preamble, or with a sane element. */
export const looksLikeDicom = (bytes) => {
  if (bytes.length >= PREAMBLE && hasPreamble(bytes)) return true;
  if (bytes.length < 16 || ![2, 8].includes(bytes[0]) || bytes[1] !== 0) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const isExplicit = isUpper(bytes[4]) && isUpper(bytes[5]);
  return view.getUint16(2, true) < 0x3000 && (isExplicit || view.getUint32(4, true) < 0x400);
};

/* With a preamble before it where its meta group has none. */
const whole = (bytes) => {
  if (bytes[0] !== 2 || hasPreamble(bytes)) return bytes;
  const all = new Uint8Array(PREAMBLE + bytes.length);
  all.set(new TextEncoder().encode("DICM"), PREAMBLE - 4);
  all.set(bytes, PREAMBLE);
  return all;
};

/* A value as it stands: as text, numbers would end at their first zero. */
const raw = ({ elements, byteArray }, tag) => {
  const { dataOffset, length } = elements[tag] ?? { dataOffset: 0, length: 0 };
  return String.fromCharCode(
    ...byteArray.subarray(dataOffset, dataOffset + Math.min(length, 1024)),
  );
};

const parsed = (all, bytes) => {
  const syntax = isUpper(bytes[4]) && isUpper(bytes[5]) ? EXPLICIT : IMPLICIT;
  const options = hasPreamble(all) ? {} : { TransferSyntaxUID: syntax };
  return dicomParser.parseDicom(all, { untilTag: PIXELS, ...options });
};

/*
 * What is at the beginning of a DICOM file: { head, position, series, alike }. `head` is raw, up to
 * the pixels. Throws when the bytes end before them.
 */
export const header = (bytes) => {
  const all = whole(bytes);
  const set = parsed(all, bytes);
  const pixels = set.elements[PIXELS];
  const skipped = all.length - bytes.length;
  return {
    head: bytes.slice(0, pixels ? pixels.dataOffset - skipped : bytes.length),
    position: set.string("x00200032") || "",
    series: set.string("x0020000e") || "",
    alike: ALIKE.map((tag) => raw(set, tag)).join("|"),
  };
};
