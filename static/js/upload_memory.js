/*
 * What a browser remembers of an unfinished upload, so that it goes on after a closed tab: its
 * address, under a digest. The file's name, which may be the patient's, is not kept.
 */
(() => {
  const kept = () => tus.defaultOptions.urlStorage;

  window.uploadMemory = {
    // Without digests (by http, at other names than localhost) nothing is remembered.
    fingerprint: async (identity) => {
      if (!crypto.subtle) return null;
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
      return [...new Uint8Array(digest)].map((n) => n.toString(16).padStart(2, "0")).join("");
    },
    storage: {
      findAllUploads: () => kept().findAllUploads(),
      findUploadsByFingerprint: (print) => kept().findUploadsByFingerprint(print),
      removeUpload: (key) => kept().removeUpload(key),
      addUpload: (print, upload) => kept().addUpload(print, { ...upload, metadata: {} }),
    },
  };
})();
