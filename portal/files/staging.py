"""A file that arrives in pieces: its bytes, and beside them the digests under which they came.

`path` holds the bytes, `path`.sums a record for each stretch of them: its length and the SHA-256
taken while the stretch was received. Bytes without a record, such as the last ones before a
process died, count as not received. So the digest of the whole file vouches for what the browser
sent, however often the upload went on in another process, and not for what the disk made of it.
"""

import hashlib
import os
import struct
from pathlib import Path

# The most that a process which dies can cost.
STRETCH = 4 * 1024**2
BLOCK = 1024**2
RECORD = struct.Struct(">Q32s")


class Damaged(Exception):
    """The bytes on the disk are not those that were received."""


def sums_of(path):
    """Where the digests of a staging file are kept."""
    return Path(f"{path}.sums")


def received(path):
    """How many bytes of a file have arrived. Files that have no digests count as they are."""
    try:
        size = os.stat(path).st_size
        return _vouched_for(size, sums_of(path).read_bytes())[0]
    except FileNotFoundError:
        return size if os.path.exists(path) else 0


def remove(path):
    """Remove a staging file; one that is not there is no error."""
    Path(path).unlink(missing_ok=True)
    sums_of(path).unlink(missing_ok=True)


def digest(path, progress=lambda: None):
    """The SHA-256 of a whole file in lower-case hex, after comparing each stretch with its own.

    `progress` is called now and then. Raises Damaged, OSError.
    """
    whole = hashlib.sha256()
    with open(path, "rb") as file:
        for length, expected in _stretches(path):
            stretch = hashlib.sha256()
            for block in _blocks(file, length):
                stretch.update(block)
                whole.update(block)
                progress()
            if expected is not None and stretch.digest() != expected:
                raise Damaged
    return whole.hexdigest()


def _stretches(path):
    try:
        yield from _records(sums_of(path).read_bytes())
    except FileNotFoundError:
        yield os.stat(path).st_size, None


def _blocks(file, length):
    while length > 0:
        block = file.read(min(BLOCK, length))
        if not block:
            raise Damaged
        length -= len(block)
        yield block


def _records(raw):
    whole = len(raw) - len(raw) % RECORD.size  # the last one may have been cut short
    return list(RECORD.iter_unpack(raw[:whole]))


def _vouched_for(size, raw):
    """Of `size` bytes, those whose stretches are there in full, and the number of these."""
    at, count = 0, 0
    for length, _ in _records(raw):
        if at + length > size:
            break
        at, count = at + length, count + 1
    return at, count


class Receiver:
    """Appends to a staging file that is open and locked, and keeps its digests. Raises OSError."""

    def __init__(self, path, file):
        self._file = file
        self._start_stretch()
        is_new = not sums_of(path).exists()
        self._sums = os.open(sums_of(path), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        if is_new:
            self._vouch_for_what_is_there(path)
        raw = os.pread(self._sums, os.fstat(self._sums).st_size, 0)
        self.at, count = _vouched_for(os.fstat(file).st_size, raw)
        self._rewind(self.at, count)

    def _vouch_for_what_is_there(self, path):
        with open(path, "rb") as file:
            for block in iter(lambda: file.read(BLOCK), b""):
                self._sha256.update(block)
                self._length += len(block)
        self._end_stretch()

    def _rewind(self, at, records):
        os.ftruncate(self._sums, records * RECORD.size)
        os.ftruncate(self._file, at)

    def _start_stretch(self):
        self._sha256, self._length = hashlib.sha256(), 0

    def mark(self):
        """A place to which `back_to` can return."""
        self._end_stretch()
        return self.at, os.fstat(self._sums).st_size // RECORD.size

    def back_to(self, mark):
        """Forget what was written since `mark`."""
        self._start_stretch()
        self._rewind(*mark)
        self.at = mark[0]

    def write(self, block):
        """Append some bytes."""
        rest = memoryview(block)
        while rest:
            written = os.write(self._file, rest)
            self._sha256.update(rest[:written])
            self._length += written
            self.at += written
            rest = rest[written:]
        if self._length >= STRETCH:
            self._end_stretch()

    def _end_stretch(self):
        if self._length:
            record = RECORD.pack(self._length, self._sha256.digest())
            if os.write(self._sums, record) != len(record):
                raise OSError("The digest of what arrived could not be kept.")
            self._start_stretch()

    def flush(self):
        """Have all that arrived, with its digests, safe on the disk."""
        self._end_stretch()
        os.fdatasync(self._file)
        os.fdatasync(self._sums)

    def close(self):
        os.close(self._sums)
