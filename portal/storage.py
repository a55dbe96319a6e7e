"""The storage of bytes: a folder or an S3 bucket, whichever the settings name.

Whatever the storage answers with when it is away or refuses arrives here as an OSError.
"""

import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import FileResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header

BINARY = "application/octet-stream"
BLOCK = 1024**2
PART = 64 * 1024**2
LINK_SECONDS = 60


def digest(path):
    """The SHA-256 of a file on the disk, in lower-case hex. Raises OSError."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stored_digest(key):
    """The SHA-256 of a stored object, in lower-case hex. Raises OSError."""
    sha256 = hashlib.sha256()
    with _as_os_error(), default_storage.open(key) as stored:
        for block in stored.chunks(BLOCK):
            sha256.update(block)
    return sha256.hexdigest()


def stored_size(key):
    """The bytes of a stored object, or None when there is none. Raises OSError."""
    with _as_os_error():
        try:
            return default_storage.size(key)
        except FileNotFoundError:
            return None
        except ClientError as refusal:
            if refusal.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise


def store(path, key):
    """Put the file at `path` into the storage as `key`, replacing what an earlier try left.

    On the same disk the file itself moves: `path` may be gone afterwards. Raises OSError.
    """
    if _on_disk():
        _move(Path(path), Path(default_storage.path(key)))
        return
    # Half a second and 30 MB of import that only a worker with S3 needs.
    from boto3.exceptions import S3UploadFailedError
    from boto3.s3.transfer import TransferConfig

    parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=2)
    try:
        with _as_os_error():
            default_storage.bucket.upload_file(
                str(path), key, ExtraArgs={"ContentType": BINARY}, Config=parts
            )
    except S3UploadFailedError as problem:
        raise OSError("The storage did not take the file.") from problem


def write(key, body):
    """Put the bytes `body`, small enough for memory, into the storage as `key`. Raises OSError."""
    with _as_os_error():
        default_storage.save(key, ContentFile(body))


def delete(key):
    """Remove a stored object; one that is not there is no error. Raises OSError."""
    with _as_os_error():
        default_storage.delete(key)


def download(key, name):
    """Answer a request with a stored object as an attachment called `name`.

    S3 gives the bytes itself, by a link that is good for a minute. Raises OSError (on a disk
    FileNotFoundError when the object is gone).
    """
    if _on_disk():
        response = FileResponse(
            default_storage.open(key), as_attachment=True, filename=name, content_type=BINARY
        )
        response["X-Content-Type-Options"] = "nosniff"
    else:
        attachment = {
            "ResponseContentDisposition": content_disposition_header(True, name),
            "ResponseContentType": BINARY,
        }
        with _as_os_error():
            link = default_storage.url(key, parameters=attachment, expire=LINK_SECONDS)
        response = HttpResponseRedirect(link)
    response["Cache-Control"] = "private, no-store"
    return response


def _on_disk():
    return isinstance(default_storage, FileSystemStorage)


def _move(path, target):
    target.parent.mkdir(
        mode=default_storage.directory_permissions_mode or 0o777, parents=True, exist_ok=True
    )
    if path.stat().st_dev != target.parent.stat().st_dev:
        path = _copy(path, target.with_name(target.name + ".part"))
    os.replace(path, target)
    os.chmod(target, default_storage.file_permissions_mode or 0o644)
    _sync(target.parent)


def _copy(path, part):
    with open(path, "rb") as source, open(part, "wb") as copy:
        shutil.copyfileobj(source, copy, BLOCK)
        copy.flush()
        os.fdatasync(copy.fileno())
    return part


def _sync(folder):
    # The new name must survive a power cut as well as the bytes do.
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_os_error():
    try:
        yield
    except (BotoCoreError, ClientError) as problem:
        raise OSError(f"The storage answered: {type(problem).__name__}.") from problem
