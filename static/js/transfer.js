/*
 * One file on its way to the server by tus. It knows states, speed and how to come back after a
 * lost line, and nothing of the page: uploads.js shows it.
 */
import tus from "../vendor/tus/tus.js";
import { csrfToken } from "./csrf.js";
import { canWait, isHealed, sentence } from "./upload_answers.js";
import { gone, sentenceOf } from "./upload_faults.js";
import { fingerprint, hex, storage } from "./upload_memory.js";

const PAUSES = [1000, 2000, 4000, 8000, ...Array(240).fill(15000)]; // An hour in all.
const SILENCE = 45; // Seconds without a byte after which a line counts as lost.
const SMALL = 1024 ** 2; // Sent along with its announcement: a CT is hundreds of such files.
const FROM_THE_START =
  "The server that had the first part is away, so it is sent again from the start.";

// Names an upload before the server does, so that an answer that is lost makes no second one.
const newKey = () => hex(crypto.getRandomValues(new Uint8Array(16)));

export default class Transfer {
  // States: preparing (its bytes are read or packed), queued, sending, waiting (for the
  // connection), paused, failed, done.
  state = "preparing";
  sent = 0; // Bytes.
  rate = 0; // Bytes a second.
  reason = "";
  news = "";
  isGone = false; // From this computer.

  /* `file` says name and size; its bytes come by `take`. */
  constructor(file, { endpoint, metadata, changed, isTaken }) {
    Object.assign(this, { file, endpoint, metadata, changed, isTaken });
  }

  /* The bytes, and the files of this computer that they come from. */
  take(bytes, sources = [bytes]) {
    if (this.removed) return;
    this.file = { name: this.file.name, size: bytes.size };
    this.sources = sources;
    this.upload = this.uploadOf(bytes);
    this.become("queued");
  }

  uploadOf(bytes) {
    const { name, size } = this.file;
    const changed = this.sources.map((file) => file.lastModified).join();
    const identity = [this.metadata.form, name, size, changed].join("|");
    return new tus.Upload(bytes, {
      endpoint: this.endpoint,
      metadata: { ...this.metadata, filename: name, key: newKey() },
      retryDelays: PAUSES,
      uploadDataDuringCreation: size < SMALL,
      removeFingerprintOnSuccess: true,
      fingerprint: () => fingerprint(identity),
      urlStorage: storage,
      onBeforeRequest: (request) => request.setHeader("X-CSRFToken", csrfToken()),
      onAfterResponse: (request, response) => this.heard(request.getMethod(), response),
      onUploadUrlAvailable: () => this.changed(this),
      onProgress: (sent) => this.progressed(sent),
      onShouldRetry: (error) => this.mayRetry(error),
      onError: (error) => this.become("failed", sentence(error.originalResponse)),
      onSuccess: () => this.become("done"),
    });
  }

  get url() {
    return this.upload?.url || "";
  }

  get secondsLeft() {
    return this.rate > 0 ? (this.file.size - this.sent) / this.rate : null;
  }

  become(state, reason = "") {
    if (this.removed) return;
    const why =
      state === "failed" && this.signedOut ? "You were signed out. Nothing is lost." : reason;
    Object.assign(this, { state, reason: why, rate: 0, silent: 0 });
    this.changed(this);
  }

  async start() {
    this.signedOut = false;
    this.become("sending");
    if (await this.isGoneFromHere()) return;
    if (!this.url && !this.lookedBack) {
      this.lookedBack = true;
      const before = await this.upload.findPreviousUploads();
      const mine = before.findLast((one) => one.uploadUrl && !this.isTaken(one.uploadUrl));
      if (mine) this.upload.resumeFromPreviousUpload(mine);
    }
    if (this.state === "sending" && !this.removed) this.upload.start();
  }

  /* Fails, with its name, when a file of it cannot be read any more. */
  async isGoneFromHere() {
    const file = await gone(this.sources);
    if (!file || this.removed) return false;
    this.isGone = true;
    this.upload?.abort();
    this.become("failed", sentenceOf(file));
    return true;
  }

  pause() {
    this.upload.abort();
    this.become("paused");
  }

  lost() {
    this.upload.abort();
    this.become("waiting");
  }

  again() {
    this.lost();
    this.start();
  }

  async remove() {
    this.removed = true;
    await this.upload?.abort(true).catch(() => {}); // Gone already, or left to expire.
  }

  heard(method, response) {
    const status = response.getStatus();
    if (status === 401) {
      // Thrown, so that tus-js-client keeps the address of the upload for after the sign-in.
      this.signedOut = true;
      throw new Error("signed out");
    }
    // It would begin a new upload, although this one goes on in a moment.
    if (method === "HEAD" && canWait(status)) throw new Error(`not now: ${status}`);
    if (response.getHeader("Upload-Taken-Over")) this.news = FROM_THE_START;
    if (status < 300 && this.state === "waiting") this.become("sending");
  }

  mayRetry({ originalResponse }) {
    if (this.removed || this.signedOut || !isHealed(originalResponse)) return false;
    if (originalResponse) this.wait();
    else this.isGoneFromHere().then((isGone) => isGone || this.wait());
    return true;
  }

  wait() {
    if (this.state === "sending") this.become("waiting");
  }

  progressed(sent) {
    if (sent > this.sent) this.silent = 0;
    this.sent = sent;
  }

  // Called once a second.
  tick() {
    if (this.state !== "sending") return;
    const now = Math.max(this.sent - (this.counted ?? this.sent), 0);
    this.rate = this.rate ? 0.75 * this.rate + 0.25 * now : now;
    this.counted = this.sent;
    this.silent += 1;
    this.changed(this);
    if (this.silent > SILENCE && this.sent < this.file.size) this.again();
  }
}
