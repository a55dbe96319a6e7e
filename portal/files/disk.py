"""Files in a folder of this machine."""

import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse

from portal.files.storage import (
    BINARY,
    BLOCK,
    StorageUnavailable,
    Stored,
    attachment_header,
    by_link,
    link_to,
    nothing,
)


@contextmanager
def folder_in_order():
    """Tells a disk that is full, read-only or gone from a file that is not there."""
    try:
        yield
    except (StorageUnavailable, FileNotFoundError):
        raise
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise StorageUnavailable(f"The storage folder failed: {reason}.") from problem


class Disk(Stored, FileSystemStorage):
    size = folder_in_order()(FileSystemStorage.size)
    delete = folder_in_order()(FileSystemStorage.delete)

    def blocks(self, key):
        with folder_in_order(), self.open(key) as stored:
            yield from stored.chunks(BLOCK)

    def objects(self):
        folder = Path(self.location)
        with folder_in_order():
            for path in folder.rglob("*"):
                with suppress(FileNotFoundError):  # removed meanwhile
                    if path.is_file():
                        about = path.stat()
                        changed = datetime.fromtimestamp(about.st_mtime, UTC)
                        yield path.relative_to(folder).as_posix(), about.st_size, changed

    @folder_in_order()
    def store(self, path, key, progress=nothing):
        """On the same disk no byte is copied: both names are then one file."""
        with self._put_in_place(key) as part:
            if os.stat(path).st_dev == part.parent.stat().st_dev:
                os.link(path, part)
            else:
                _write(part, _read(path, progress))

    @folder_in_order()
    def store_copy(self, path, key, progress=nothing):
        with self._put_in_place(key) as part:
            _write(part, _read(path, progress))

    @folder_in_order()
    def write(self, key, body):
        with self._put_in_place(key) as part:
            _write(part, [body])

    def download(self, key, name):
        """Raises FileNotFoundError when the object is gone."""
        if not settings.FILES_URL:
            return self.attachment(key, name)
        if not self.exists(key):
            raise FileNotFoundError(key)
        return by_link(link_to(key))

    def attachment(self, key, name):
        """Answer with the bytes of an object, as a file that no browser opens by itself.

        Raises OSError (FileNotFoundError when the object is gone).
        """
        response = FileResponse(self.open(key), content_type=BINARY)
        response["Content-Disposition"] = attachment_header(name)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "private, no-store"
        return response

    def abort_old_uploads(self, now):
        return 0

    def is_open_to_strangers(self, key):
        return False

    @contextmanager
    def _put_in_place(self, key):
        """A path for a block to make a file at, which then becomes the object."""
        target = Path(self.path(key))
        mode = self.directory_permissions_mode or 0o777
        for folder in (Path(self.location), target.parent):
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        yield part
        os.chmod(part, self.file_permissions_mode or 0o644)
        os.replace(part, target)
        # The kernel leaves both names when they were one file already.
        part.unlink(missing_ok=True)
        sync_path(target.parent)


def _read(path, progress):
    with open(path, "rb") as source:
        while block := source.read(BLOCK):
            yield block
            progress()


def _write(part, blocks):
    with open(part, "wb") as file:
        file.writelines(blocks)
        sync(file)


def sync(file):
    """Have the bytes of an open file safe on the disk."""
    file.flush()
    os.fdatasync(file.fileno())


def sync_path(path):
    """Have a file, or the names in a folder, survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
