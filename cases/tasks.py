import secrets
from datetime import timedelta

from celery import shared_task

from cases.documents import prescription_pdf
from cases.models import Attachment, Prescription
from portal import storage

LEASE = timedelta(minutes=5)
SLOWEST = 1024**2  # bytes a second


@shared_task
def render_prescription(pk):
    """Render one revision of an RX script and keep its PDF."""
    prescription = Prescription.objects.claim(pk)
    if prescription is None:
        return
    pdf = prescription_pdf(prescription.snapshot)
    key = f"prescriptions/{prescription.pk}-{secrets.token_hex(16)}.pdf"
    try:
        storage.write(key, pdf)
    except OSError as problem:
        prescription.try_later(f"{type(problem).__name__}: the storage did not take the PDF.")
        return
    if not prescription.finish(file=key):
        storage.delete(key)


class BytesLost(Exception):
    """Neither the staging folder nor the storage has the file; no further try can help."""


# The slowest line takes over an hour for the largest file.
@shared_task(time_limit=2 * 3600)
def store_attachment(pk):
    """Move an uploaded file from the staging folder into the storage and mark it stored."""
    size = Attachment.objects.filter(pk=pk).values_list("size", flat=True).first()
    if size is None:
        return
    attachment = Attachment.objects.claim(pk, LEASE + timedelta(seconds=size / SLOWEST))
    if attachment is None:
        return
    try:
        sha256 = _stored(attachment)
    except BytesLost as loss:
        attachment.give_up(str(loss))
    except OSError as problem:
        attachment.try_later(f"{type(problem).__name__}: {problem.strerror or problem}")
    else:
        _finish(attachment, sha256)


def _stored(attachment):
    """Store the file unless it is stored; return its SHA-256. Raises OSError, BytesLost."""
    path = attachment.staging_path
    if path.exists() and path.stat().st_size == attachment.size:
        sha256 = storage.digest(path)
        # Kept before the bytes move: a next attempt knows by it what an earlier one stored.
        Attachment.objects.filter(pk=attachment.pk).update(sha256=sha256)
        storage.store(path, attachment.key)
        size = storage.stored_size(attachment.key)
        if size != attachment.size:
            raise OSError(f"The storage holds {size} bytes of {attachment.size}.")
        return sha256
    size = storage.stored_size(attachment.key)
    if size == attachment.size and storage.stored_digest(attachment.key) == attachment.sha256:
        return attachment.sha256
    raise BytesLost("The file was damaged at the lab. Please upload it again.")


def _finish(attachment, sha256):
    if attachment.finish(state=Attachment.State.STORED, sha256=sha256):
        attachment.staging_path.unlink(missing_ok=True)
    elif not Attachment.objects.filter(pk=attachment.pk).exists():
        # Removed by its owner while it was on its way.
        storage.delete(attachment.key)
