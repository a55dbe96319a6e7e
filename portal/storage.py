"""The storage of bytes: a folder or an S3 bucket, whichever the settings name.

Whatever the storage refuses arrives here as an OSError, and as its subclass StorageAway when it
cannot be reached or is out of order, so that asking again later makes sense.
"""

import hashlib
import os
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core import signing
from django.core.files.storage import FileSystemStorage, default_storage
from django.http import FileResponse, HttpResponseRedirect
from django.utils.http import content_disposition_header

from portal import bucket

BINARY = "application/octet-stream"
BLOCK = 1024**2
PART = 16 * 1024**2
LINK_SECONDS = 60
LINKS = "portal.storage: links to files"
# Longer than the longest upload of a worker.
ABANDONED_AFTER = timedelta(days=1)
# What an S3 server answers when it is busy or broken (its other refusals are for good).
BUSY = {"SlowDown", "RequestTimeout", "ServiceUnavailable", "InternalError"}


class StorageAway(OSError):
    """The storage cannot be reached, or answers that it cannot work now."""


def _nothing(*_):
    """Called where nobody wants to know how far a transfer is."""


def check():
    """Raise OSError unless the storage answers."""
    stored_size("check")


def blocks(key):
    """The bytes of a stored object, in blocks of 1 MiB at most. Raises OSError."""
    with _as_os_error():
        if _on_disk():
            with default_storage.open(key) as stored:
                yield from stored.chunks(BLOCK)
            return
        # Not by storage.open, which first copies the whole object to a file on the disk.
        body = default_storage.bucket.Object(_full(key)).get()["Body"]
        with body:
            yield from body.iter_chunks(BLOCK)


def stored_digest(key, progress=_nothing):
    """The SHA-256 of a stored object, in lower-case hex.

    `progress` is called without arguments now and then. Raises OSError.
    """
    sha256 = hashlib.sha256()
    for block in blocks(key):
        sha256.update(block)
        progress()
    return sha256.hexdigest()


def objects():
    """Key, bytes and time (aware) of every stored object, in no order. Raises OSError."""
    with _as_os_error():
        if _on_disk():
            yield from _files(Path(default_storage.location))
            return
        prefix = f"{default_storage.location}/".lstrip("/")
        for one in default_storage.bucket.objects.filter(Prefix=prefix):
            yield one.key.removeprefix(prefix), one.size, one.last_modified


def _files(folder):
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # removed meanwhile
            if path.is_file():
                about = path.stat()
                changed = datetime.fromtimestamp(about.st_mtime, UTC)
                yield path.relative_to(folder).as_posix(), about.st_size, changed


def stored_size(key):
    """The bytes of a stored object, or None when there is none. Raises OSError."""
    try:
        with _as_os_error():
            return default_storage.size(key)
    except FileNotFoundError:
        return None


def store(path, key, progress=_nothing):
    """Put the file at `path` into the storage as `key`, replacing what an earlier try left.

    On the same disk no byte is copied: both names are then one file. `progress` is called now
    and then. Raises OSError.
    """
    if _on_disk():
        with _as_os_error():
            _place(Path(path), Path(default_storage.path(key)), progress)
        return
    # Half a second and 30 MB of import that only a worker with S3 needs.
    from boto3.exceptions import S3UploadFailedError
    from boto3.s3.transfer import TransferConfig

    # One part after the other: `progress` may use this thread's database connection.
    parts = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, use_threads=False)
    with _as_os_error():
        try:
            default_storage.bucket.upload_file(
                str(path),
                _full(key),
                ExtraArgs={"ContentType": BINARY, **default_storage.object_parameters},
                Config=parts,
                Callback=lambda _: progress(),
            )
        except S3UploadFailedError as problem:
            # It hides the refusal, which says whether to come back.
            raise problem.__context__ from None


def write(key, body):
    """Put the bytes `body`, small enough for memory, into the storage as `key`.

    What an earlier try left there is replaced. Raises OSError.
    """
    with _as_os_error():
        if _on_disk():
            _write(Path(default_storage.path(key)), body)
            return
        default_storage.bucket.put_object(
            Key=_full(key), Body=body, ContentType=BINARY, **default_storage.object_parameters
        )


def delete(key):
    """Remove a stored object; one that is not there is no error. Raises OSError."""
    with _as_os_error():
        default_storage.delete(key)


def download(key, name):
    """Answer a request with a stored object as an attachment called `name`.

    S3 or the host of FILES_URL give the bytes themselves, by a link that is good for a minute.
    Raises OSError (on a disk FileNotFoundError when the object is gone).
    """
    if _on_disk() and not settings.FILES_URL:
        return attachment(key, name)
    response = HttpResponseRedirect(_own_link(key) if _on_disk() else _s3_link(key, name))
    response["Cache-Control"] = "private, no-store"
    return response


def attachment(key, name):
    """Answer with the bytes of an object on the disk, as a file that no browser opens by itself.

    Raises OSError (FileNotFoundError when the object is gone).
    """
    response = FileResponse(
        default_storage.open(key), as_attachment=True, filename=name, content_type=BINARY
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    return response


def key_of_link(token):
    """The key that a link to FILES_URL names; of no more, as addresses get into logs.

    Raises signing.BadSignature, or its subclass SignatureExpired after a minute.
    """
    return signing.loads(token, salt=LINKS, max_age=LINK_SECONDS)


def _own_link(key):
    if not default_storage.exists(key):
        raise FileNotFoundError(key)
    return f"{settings.FILES_URL}/{signing.dumps(key, salt=LINKS)}"


def _s3_link(key, name):
    as_attachment = {
        "ResponseContentDisposition": content_disposition_header(True, name),
        "ResponseContentType": BINARY,
    }
    with _as_os_error():
        return default_storage.url(key, parameters=as_attachment, expire=LINK_SECONDS)


def _on_disk():
    return isinstance(default_storage, FileSystemStorage)


def _full(key):
    return f"{default_storage.location}/{key}".lstrip("/")


def _place(path, target, progress):
    _make_folder(target)
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    if path.stat().st_dev == target.parent.stat().st_dev:
        os.link(path, part)
    else:
        _copy(path, part, progress)
    _put_in_place(part, target)


def _write(target, body):
    _make_folder(target)
    part = target.with_name(f"{target.name}.part")
    with open(part, "wb") as file:
        file.write(body)
        file.flush()
        os.fdatasync(file.fileno())
    _put_in_place(part, target)


def _make_folder(target):
    mode = default_storage.directory_permissions_mode or 0o777
    target.parent.mkdir(mode=mode, parents=True, exist_ok=True)


def _copy(path, part, progress):
    with open(path, "rb") as source, open(part, "wb") as copy:
        while block := source.read(BLOCK):
            copy.write(block)
            progress()
        copy.flush()
        os.fdatasync(copy.fileno())


def _put_in_place(part, target):
    os.chmod(part, default_storage.file_permissions_mode or 0o644)
    os.replace(part, target)
    # The kernel leaves both names when they were one file already.
    part.unlink(missing_ok=True)
    # The new name must survive a power cut as well as the bytes do.
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _as_os_error():
    try:
        yield
    except ClientError as refusal:
        code = refusal.response.get("Error", {}).get("Code", "")
        status = refusal.response["ResponseMetadata"]["HTTPStatusCode"]
        kind = FileNotFoundError if status == 404 and code != "NoSuchBucket" else OSError
        if status >= 500 or code in BUSY:
            kind = StorageAway
        raise kind(f"The storage answered {status} {code}.") from refusal
    except BotoCoreError as problem:
        raise StorageAway(f"The storage did not answer: {type(problem).__name__}.") from problem
    except (StorageAway, FileNotFoundError):
        raise
    except OSError as problem:
        # A disk that is full, read-only or gone; a file that is not there is no such thing.
        reason = problem.strerror or type(problem).__name__
        raise StorageAway(f"The storage folder failed: {reason}.") from problem


def store_copy(path, key, progress=_nothing):
    """As `store`, but the object never is one file with that at `path`. Raises OSError."""
    if not _on_disk():
        store(path, key, progress)
        return
    with _as_os_error():
        target = Path(default_storage.path(key))
        _make_folder(target)
        part = target.with_name(f"{target.name}.part")
        part.unlink(missing_ok=True)
        _copy(path, part, progress)
        _put_in_place(part, target)


def abort_old_uploads(now):
    """Abort the multipart uploads into the bucket that began a day ago; returns how many.

    They are what an upload that broke off leaves: nobody sees them, and they are paid for.
    Raises OSError.
    """
    if _on_disk():
        return 0
    aborted = 0
    with _as_os_error():
        for upload in default_storage.bucket.multipart_uploads.all():
            if upload.initiated <= now - ABANDONED_AFTER:
                # One that ended between the look and this is gone, as it should be.
                with suppress(upload.meta.client.exceptions.NoSuchUpload):
                    upload.abort()
                    aborted += 1
    return aborted


def set_up():
    """Have the folder or the bucket ready; yields a sentence for each thing done or found.

    Raises NotUsable when a bucket cannot be used as it is, OSError.
    """
    if _on_disk():
        folder = Path(default_storage.location)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        yield "Files are kept in a folder that is there and private. Nothing else is needed."
        return
    client = default_storage.bucket.meta.client
    with _as_os_error():
        yield from bucket.set_up(
            client, default_storage.bucket_name, default_storage.region_name or ""
        )
