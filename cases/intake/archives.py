"""The files in an archive, one after the other: zip, tar, gzip, bzip2, xz, 7z and rar.

Zips are read where they are, by Python's own module; of all others libarchive unpacks what is
looked at into memory or a temporary file that is gone afterwards. Names never become paths.
"""

import contextlib
import io
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cases.intake.reading import Unreadable

MAX_ENTRIES = 20_000
# Together, unpacked: of a bomb no more is read.
MAX_BYTES = 8 << 30
IN_MEMORY = 8 << 20

PROTECTED = "This archive is protected by a password. Please send it without one."
BROKEN = "This archive is damaged or cut off. Please pack it again and send it anew."
BOMB = "This archive unpacks to more than {} GiB, and was not read any further."
CROWDED = "This archive holds more than {:,} files, and only these were read."

_ZIP_FAULTS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError,
    ValueError, OverflowError,
)  # fmt: skip


@dataclass
class Member:
    """A file of an archive. `stream` can be read and sought while the next is not asked for."""

    name: str
    size: int
    stream: io.IOBase


class Members:
    """Iterates over the files of an archive and tells afterwards what was `noticed`.

    `noticed` is a list of sentences; `locked` counts the files that a password keeps closed.
    """

    def __init__(self, file):
        """`file` is binary and can be sought."""
        self._file = file
        self.noticed = []
        self.locked = self.entries = 0

    def __iter__(self) -> Iterator[Member]:
        """Raises Unreadable for an archive of which nothing can be read."""
        self._file.seek(0)
        head = self._file.read(4)
        self._file.seek(0)
        members = self._of_zip() if head[:2] == b"PK" else self._of_others()
        unpacked = 0
        for member in members:
            self.entries += 1
            if self.entries > MAX_ENTRIES:
                self.notice(CROWDED.format(MAX_ENTRIES))
                return
            unpacked += member.size
            if unpacked > MAX_BYTES:
                self.notice(BOMB.format(MAX_BYTES >> 30))
                return
            yield member
        if self.locked and not self.entries:
            raise Unreadable(PROTECTED)

    def notice(self, sentence):
        if sentence not in self.noticed:
            self.noticed.append(sentence)

    def _of_zip(self):
        try:
            archive = zipfile.ZipFile(self._file)
        except _ZIP_FAULTS:
            raise Unreadable(BROKEN) from None
        with archive:
            for info in archive.infolist():
                if info.is_dir():
                    continue
                if info.flag_bits & 0x1:
                    self.locked += 1
                    continue
                try:
                    with archive.open(info) as stream:
                        yield Member(_zip_name(info), info.file_size, stream)
                except _ZIP_FAULTS:
                    self.notice(BROKEN)

    def _of_others(self):
        """A fault in the middle ends the reading, and is noticed."""
        # Here, so that zips are read where Debian's library is missing; `check` names it.
        import libarchive

        try:
            with libarchive.stream_reader(self._file) as entries:
                yield from self._unpacked(entries)
        except libarchive.exception.ArchiveError as problem:
            self._failed(str(problem))

    def _unpacked(self, entries):
        for entry in entries:
            if not entry.isreg:
                continue
            with tempfile.SpooledTemporaryFile(IN_MEMORY) as stream:
                size = 0
                for block in entry.get_blocks():
                    size += stream.write(block)
                    if size > MAX_BYTES:
                        self.notice(BOMB.format(MAX_BYTES >> 30))
                        return
                stream.seek(0)
                yield Member(entry.pathname or "", size, stream)

    def _failed(self, problem):
        if any(word in problem.lower() for word in ("passphrase", "encrypt", "password")):
            self.locked += 1
            return
        if not self.entries:
            raise Unreadable(BROKEN)
        self.notice(BROKEN)


def _zip_name(info):
    """Names without the UTF-8 flag are CP437 by the standard, and often UTF-8 or Shift-JIS."""
    if info.flag_bits & 0x800:
        return info.filename
    with contextlib.suppress(UnicodeEncodeError):
        raw = info.filename.encode("cp437")
        for charset in ("utf-8", "shift_jis"):
            with contextlib.suppress(UnicodeDecodeError):
                name = raw.decode(charset)
                if charset == "utf-8" or _is_japanese(name):
                    return name
    return info.filename


def _is_japanese(name):
    return any("\u3040" <= sign <= "\u30ff" or "\u4e00" <= sign <= "\u9fff" for sign in name)
