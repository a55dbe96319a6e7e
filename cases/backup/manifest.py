"""A backup as a folder: a dump of the database, copies of files, and a manifest that vouches.

    manifest.json            what belongs to the backup, with sizes, digests and its own checksum
    database-<time>.dump     the database (PostgreSQL), or database-<time>.sqlite3
    files-<time>.jsonl       a line for each file: path below the folder, size, SHA-256, whose it is
    objects/<key>            the stored objects
    staging/<row id>         files that had arrived and were not stored yet

The manifest is written last and in one step. Until then the folder still is the backup that it
was before, whose parts keep their names; so one that breaks off is never taken for a whole one.
"""

import fcntl
import hashlib
import json
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cases.backup.names import Listing
from portal.files.disk import sync, sync_path

FORMAT = 1
BLOCK = 1024**2
MANIFEST, LOCK = "manifest.json", "lock"
OURS = re.compile(
    r"manifest\.json|lock|objects|staging|(database|files)-[\dTZ]+\.(dump|sqlite3|jsonl)(\.part)?"
)


class Unusable(Exception):
    """The folder holds no whole backup, or cannot take one; the text is a sentence."""


class Changed(Exception):
    """Bytes that were copied are not those that were expected."""


@dataclass(frozen=True)
class Part:
    """A file of a backup: `path` below its folder, bytes, SHA-256 in lower-case hex."""

    path: str
    size: int
    sha256: str


class Backup:
    """The backup in a folder, whether there is one already or one is being made."""

    def __init__(self, folder):
        self.folder = Path(folder)

    @contextmanager
    def being_made(self):
        """Hold the folder for one backup at a time; makes it when it is not there.

        Raises Unusable for a folder with other things in it, OSError.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(not OURS.fullmatch(path.name) for path in self.folder.iterdir()):
            raise Unusable(
                f"{self.folder} holds other things than a backup, so nothing was written. Please "
                "name a new or empty folder, or one that holds an earlier backup."
            )
        self.folder.chmod(0o700)
        with (self.folder / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Unusable(f"Another backup into {self.folder} is running.") from None
            self._drop_leftovers()
            yield

    def holds(self, path, sha256):
        """The part at `path` when its bytes are those of the digest, else None. Raises OSError."""
        with suppress(FileNotFoundError):
            part = self.measured(path)
            return part if part.sha256 == sha256 else None

    def size(self, path):
        """The bytes of a file of the folder, or None when it is not there."""
        with suppress(FileNotFoundError):
            return (self.folder / path).stat().st_size

    def measured(self, path):
        """Read a file of the folder and say what it is. Raises OSError."""
        sha256, size = hashlib.sha256(), 0
        with (self.folder / path).open("rb") as file:
            while block := file.read(BLOCK):
                sha256.update(block)
                size += len(block)
        return Part(path, size, sha256.hexdigest())

    def copy(self, blocks, path, sha256=""):
        """Write `blocks` of bytes to `path` and return the Part.

        With a digest given, other bytes raise Changed and leave nothing. Raises OSError.
        """
        target = self.folder / path
        part = target.with_name(target.name + ".part")
        make_folders(target.parent)
        digest, size = hashlib.sha256(), 0
        try:
            with open(part, "wb", opener=private) as file:
                for block in blocks:
                    file.write(block)
                    digest.update(block)
                    size += len(block)
                sync(file)
            if sha256 and digest.hexdigest() != sha256:
                raise Changed(path)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return Part(path, size, digest.hexdigest())

    def seal(self, manifest):
        """Make the folder the backup that `manifest` describes, then drop what an older one had.

        `manifest` has the parts "database" and "files" as dictionaries of Part, and "counts" with
        the number of "files". Returns it as it was written.
        """
        manifest = {"format": FORMAT, **manifest}
        manifest["checksum"] = _checksum(manifest)
        text = json.dumps(manifest, indent=1, sort_keys=True).encode()
        # What it vouches for must survive a power cut before it vouches.
        sync_path(self.folder / manifest["database"]["path"])
        for folder, _, _ in os.walk(self.folder):
            sync_path(folder)
        self.copy([text], MANIFEST)
        sync_path(self.folder)
        self._drop_leftovers()
        self._drop_older(manifest)
        return manifest

    def _drop_leftovers(self):
        """Remove dumps and lists of backups that broke off, or that a newer one replaced."""
        kept = {MANIFEST, LOCK}
        if self.exists():
            manifest = self.manifest()
            kept |= {manifest["database"]["path"], manifest["files"]["path"]}
        for path in self.folder.iterdir():
            if path.is_file() and path.name not in kept:
                path.unlink()

    def _drop_older(self, manifest):
        named = ((line["path"], line["size"]) for line in self.lines(manifest) if line["sha256"])
        with Listing(named) as kept:
            for top in ("objects", "staging"):
                self._drop_unnamed(self.folder / top, kept)

    def _drop_unnamed(self, top, kept):
        for folder, _, names in os.walk(top, topdown=False):
            for path in (Path(folder, name) for name in names):
                if kept.look_up(str(path.relative_to(self.folder))) is None:
                    path.unlink()
            with suppress(OSError):  # not empty
                os.rmdir(folder)

    def exists(self):
        """Whether the folder says of itself that it holds a backup."""
        return (self.folder / MANIFEST).exists()

    def manifest(self):
        """What the folder holds, once manifest and checksum agree. Raises Unusable, OSError."""
        if not self.exists():
            raise Unusable(
                f"{self.folder} holds no whole backup: {MANIFEST} is missing, which is written "
                "when everything else is there. Nothing was touched. Please use another backup."
            )
        try:
            manifest = json.loads((self.folder / MANIFEST).read_bytes())
            checksum = manifest.pop("checksum")
            known = manifest["format"]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise damaged(MANIFEST) from None
        if checksum != _checksum(manifest):
            raise damaged(MANIFEST)
        if known != FORMAT:
            raise Unusable(
                f"This backup has format {known}, and this release reads format {FORMAT}. "
                "Nothing was touched. Please restore it with the release that made it."
            )
        return manifest

    def lines(self, manifest):
        """The lines of the list of files, as dictionaries."""
        with (self.folder / manifest["files"]["path"]).open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def verify(self, progress):
        """Read everything and return the manifest. Raises Unusable naming what is damaged."""
        manifest = self.manifest()
        for name in ("database", "files"):
            self._check(Part(**manifest[name]))
        count = 0
        for line in self.lines(manifest):
            if line["sha256"]:
                self._check(Part(line["path"], line["size"], line["sha256"]))
                progress.step(line["size"])
                count += 1
        if count != manifest["counts"]["files"]:
            raise damaged(manifest["files"]["path"])
        return manifest

    def _check(self, part):
        try:
            found = self.measured(part.path)
        except FileNotFoundError:
            raise Unusable(
                f"The backup is not whole: {part.path} is missing. Nothing was touched. Please "
                "use another backup."
            ) from None
        if found != part:
            raise damaged(part.path)


def damaged(path):
    return Unusable(
        f"The backup is damaged: {path} is not what was written. Nothing was touched. Please use "
        "another backup."
    )


def make_folders(folder):
    """Make a folder and those above it, none of them open to other users."""
    if not folder.is_dir():
        make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _checksum(manifest):
    text = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def private(path, flags):
    """Opens a new file for its owner only."""
    return os.open(path, flags, 0o600)
