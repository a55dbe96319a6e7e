"""Files in an S3 bucket."""

from contextlib import contextmanager, suppress
from datetime import timedelta

from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from portal.files.storage import (
    BINARY,
    BLOCK,
    LINK_SECONDS,
    StorageUnavailable,
    Stored,
    attachment_header,
    by_link,
    nothing,
)

PART = 16 * 1024**2
# Longer than the longest upload of a worker.
ABANDONED_AFTER = timedelta(days=1)
# What an S3 server answers when it is busy or broken (its other refusals are for good).
BUSY = {"SlowDown", "RequestTimeout", "ServiceUnavailable", "InternalError"}


@contextmanager
def server_in_order():
    """Tells a server that is away or busy from its refusals, and those from a missing object."""
    try:
        yield
    except ClientError as refusal:
        code = refusal.response.get("Error", {}).get("Code", "")
        status = _status(refusal)
        kind = FileNotFoundError if status == 404 and code != "NoSuchBucket" else OSError
        if status >= 500 or code in BUSY:
            kind = StorageUnavailable
        raise kind(f"The storage answered {status} {code}.") from refusal
    except (BotoCoreError, ConnectionError, TimeoutError) as problem:
        raise StorageUnavailable(
            f"The storage did not answer: {type(problem).__name__}."
        ) from problem


class Bucket(Stored, S3Storage):
    size = server_in_order()(S3Storage.size)
    delete = server_in_order()(S3Storage.delete)

    def blocks(self, key):
        # Not by self.open, which first copies the whole object to a file on the disk.
        with server_in_order():
            body = self.bucket.Object(self._full(key)).get()["Body"]
            with body:
                yield from body.iter_chunks(BLOCK)

    def objects(self):
        prefix = self._full("")
        with server_in_order():
            for one in self.bucket.objects.filter(Prefix=prefix):
                yield one.key.removeprefix(prefix), one.size, one.last_modified

    @server_in_order()
    def store(self, path, key, progress=nothing):
        # Half a second and 30 MB of import that only a worker needs.
        from boto3.exceptions import S3UploadFailedError
        from boto3.s3.transfer import TransferConfig

        # One part after the other: `progress` may use this thread's database connection.
        parts = TransferConfig(
            multipart_threshold=PART, multipart_chunksize=PART, use_threads=False
        )
        try:
            self.bucket.upload_file(
                str(path),
                self._full(key),
                ExtraArgs={"ContentType": BINARY, **self.object_parameters},
                Config=parts,
                Callback=lambda _: progress(),
            )
        except S3UploadFailedError as problem:
            # It hides the refusal, which says whether to come back.
            raise problem.__context__ from None

    store_copy = store

    @server_in_order()
    def write(self, key, body):
        self.bucket.put_object(
            Key=self._full(key), Body=body, ContentType=BINARY, **self.object_parameters
        )

    @server_in_order()
    def download(self, key, name):
        """The server gives the bytes itself, by a link that is good for a minute."""
        as_attachment = {
            "ResponseContentDisposition": attachment_header(name),
            "ResponseContentType": BINARY,
        }
        return by_link(self.url(key, parameters=as_attachment, expire=LINK_SECONDS))

    @server_in_order()
    def abort_old_uploads(self, now):
        """Nobody sees what an upload that broke off leaves, and it is paid for."""
        aborted = 0
        for upload in self.bucket.multipart_uploads.all():
            if upload.initiated <= now - ABANDONED_AFTER:
                # One that ended between the look and this is gone, as it should be.
                with suppress(upload.meta.client.exceptions.NoSuchUpload):
                    upload.abort()
                    aborted += 1
        return aborted

    @server_in_order()
    def is_open_to_strangers(self, key):
        """Also whether they can list the bucket."""
        client = self.unsigned_connection.meta.client
        return _is_given(client.head_object, Bucket=self.bucket_name, Key=self._full(key)) or (
            _is_given(client.list_objects_v2, Bucket=self.bucket_name, MaxKeys=1)
        )

    def _full(self, key):
        return f"{self.location}/{key}".lstrip("/")


def _is_given(ask, **about):
    try:
        ask(**about)
    except ClientError as refusal:
        if _status(refusal) in (401, 403):
            return False
        raise
    return True


def _status(refusal):
    return refusal.response["ResponseMetadata"]["HTTPStatusCode"]
