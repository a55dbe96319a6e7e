"""The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload): headers in, values out."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration,checksum"
ALGORITHMS = ("sha1", "sha256")
BODY_TYPE = "application/offset+octet-stream"
# 999 petabytes: what no file reaches and every database column holds.
MOST_DIGITS = 18


class Refused(Exception):
    """A request is refused: an HTTP status, a sentence for the person, headers for the program."""

    def __init__(self, status, sentence, headers=None):
        super().__init__(sentence)
        self.status = status
        self.headers = headers or {}


@dataclass(frozen=True)
class Checksum:
    algorithm: str
    digest: bytes

    def start(self):
        """A hash object to feed with the bytes of the request."""
        return hashlib.new(self.algorithm, usedforsecurity=False)


def check_version(headers):
    """Refuse another version of the protocol with 412 and the one that is spoken."""
    if headers.get("Tus-Resumable") != VERSION:
        raise Refused(412, f"This server speaks tus {VERSION} only.", {"Tus-Version": VERSION})


def upload_length(headers):
    """The announced bytes of a new upload. Refuses a missing or senseless number with 400."""
    if "Upload-Defer-Length" in headers:
        raise Refused(
            400, "Please announce the size of the file in Upload-Length; it cannot follow later."
        )
    return _number(headers, "Upload-Length")


def upload_offset(headers):
    """The byte at which the body of a PATCH goes on. Refuses with 400."""
    return _number(headers, "Upload-Offset")


def body_length(headers):
    """The bytes of the request's body. Refuses a body without a length with 411."""
    if "Content-Length" not in headers and "Transfer-Encoding" in headers:
        raise Refused(411, "Please send the length of the body in Content-Length.")
    return _number(headers, "Content-Length") if headers.get("Content-Length") else 0


def _number(headers, name):
    text = headers.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS):
        raise Refused(400, f"The header {name} must be a whole number of bytes.")
    return int(text)


def has_bytes(headers):
    """Whether a POST carries the first bytes along (creation-with-upload)."""
    return headers.get("Content-Type", "") == BODY_TYPE


def check_body_type(headers):
    """Refuse with 415 a PATCH whose body is not called what tus demands."""
    if not has_bytes(headers):
        raise Refused(415, f"The Content-Type of a PATCH must be {BODY_TYPE}.")


def metadata(headers):
    """The pairs of Upload-Metadata as a dict of texts. Refuses what is broken with 400."""
    pairs = {}
    for part in headers.get("Upload-Metadata", "").split(","):
        key, _, value = part.strip().partition(" ")
        if key in pairs:
            raise Refused(400, f"Upload-Metadata names “{key}” twice.")
        if key:
            pairs[key] = _decoded(key, value)
    return pairs


def _decoded(key, value):
    try:
        return base64.b64decode(value.strip(), validate=True).decode()
    except ValueError:
        raise Refused(400, f"The value of “{key}” in Upload-Metadata is broken.") from None


def checksum(headers):
    """The Checksum of the request's body, or None when none was sent. Refuses with 400."""
    text = headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Refused(400, f"Upload-Checksum must be one of {', '.join(ALGORITHMS)}.")
    try:
        digest = base64.b64decode(value, validate=True)
    except binascii.Error:
        raise Refused(400, "The digest in Upload-Checksum is broken.") from None
    return Checksum(algorithm, digest)
