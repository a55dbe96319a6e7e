/*
 * What a browser remembers of an unfinished upload, so that it goes on after a closed tab: its
 * address, under a digest. The file's name, which may be the patient's, is not kept.
 */
import tus from "../vendor/tus/tus.js";

export const hex = (bytes) =>
  [...new Uint8Array(bytes)].map((n) => n.toString(16).padStart(2, "0")).join("");

// Without digests (by http, at other names than localhost) nothing is remembered.
export const fingerprint = async (identity) =>
  crypto.subtle
    ? hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity)))
    : null;

const kept = () => tus.defaultOptions.urlStorage;

export const storage = {
  findAllUploads: () => kept().findAllUploads(),
  findUploadsByFingerprint: (print) => kept().findUploadsByFingerprint(print),
  removeUpload: (key) => kept().removeUpload(key),
  addUpload: (print, upload) => kept().addUpload(print, { ...upload, metadata: {} }),
};
