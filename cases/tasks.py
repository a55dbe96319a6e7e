import hashlib
import logging
import tempfile
from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from cases.intake import limited
from cases.models import Attachment, CaseEvent, FileReading, Prescription, object_key
from cases.rx.document import prescription_pdf
from portal.files import staging, virus_scanner
from portal.files.storage import StorageUnavailable
from portal.files.virus_scanner import ScannerUnavailable, Verdict
from portal.work import Dependency, LeaseLost

log = logging.getLogger(__name__)

STORAGE_UNAVAILABLE = "The file storage is away."
# So long a file waits for a virus scanner that is away; then it is stored as not scanned.
SCAN_PATIENCE = timedelta(minutes=10)


@shared_task
def render_prescription(pk):
    """Render one revision of an RX script and keep its PDF."""
    prescription = Prescription.objects.claim(pk)
    if prescription is None:
        return
    try:
        pdf = prescription_pdf(prescription.snapshot)
    except SoftTimeLimitExceeded:
        prescription.try_later("Preparing the PDF took too long.")
        return
    sha256 = hashlib.sha256(pdf).hexdigest()
    with suppress(LeaseLost):
        # Named before it is there: an attempt that breaks off leaves no object without a row.
        key = prescription.file.name or object_key("prescriptions", prescription.pk)
        prescription.remember(file=key, sha256=sha256)
        try:
            default_storage.write(key, pdf)
            _check(key, sha256, prescription)
        except (StorageUnavailable, SoftTimeLimitExceeded):
            prescription.wait_for(Dependency.STORAGE, STORAGE_UNAVAILABLE)
        except OSError as problem:
            prescription.try_later(f"The storage did not take the PDF: {problem}")
        else:
            prescription.finish()


class BytesLost(Exception):
    """Neither the staging folder nor the storage has the file; no further try can help."""


class Infected(Exception):
    """The virus scanner found something in the file, and it must go."""


# The slowest line takes over an hour for the largest file; the lease is renewed meanwhile.
@shared_task(soft_time_limit=2 * 3600 - 60, time_limit=2 * 3600)
def store_attachment(pk):
    """Move an uploaded file from this host's staging folder into the storage.

    Before, the virus scanner looks at it; one that is infected never gets there. The object is
    read back and its digest compared before the staging copy goes.
    """
    if not Attachment.objects.on_this_host().filter(pk=pk).exists():
        return
    attachment = Attachment.objects.claim(pk)
    if attachment is None:
        return
    with suppress(LeaseLost):
        try:
            _store(attachment)
        except BytesLost as loss:
            attachment.give_up(str(loss))
        except Infected:
            _refuse(attachment)
        except ScannerUnavailable as away:
            attachment.wait_for(Dependency.SCANNER, str(away))
        except (StorageUnavailable, SoftTimeLimitExceeded):
            attachment.wait_for(Dependency.STORAGE, STORAGE_UNAVAILABLE)
        except OSError as problem:
            attachment.try_later(f"{type(problem).__name__}: {problem.strerror or problem}")
        else:
            _finish(attachment)


def _store(attachment):
    """Have the file in the storage, and in full.

    Raises Infected, ScannerUnavailable, OSError, BytesLost, LeaseLost.
    """
    key, path = attachment.key, attachment.staging_path
    if attachment.is_infected:
        raise Infected
    if staging.received(path) != attachment.size:
        # An attempt that broke off may have stored it; if not, nobody has it any more.
        if default_storage.stored_size(key) != attachment.size:
            raise _lost()
        if default_storage.stored_digest(key, attachment.renew) != attachment.sha256:
            raise _lost()
        return
    try:
        sha256 = staging.digest(path, attachment.renew)
    except staging.Damaged:
        raise _lost() from None
    # Kept before the bytes move: a next attempt knows by it what this one stored.
    attachment.remember(sha256=sha256)
    _scan(attachment)
    default_storage.store(path, key, attachment.renew)
    _check(key, sha256, attachment)


def _scan(attachment):
    """Have a verdict in the row. Raises Infected, ScannerUnavailable, OSError, LeaseLost."""
    if attachment.verdict:
        return
    if attachment.scan_asked_at is None:
        attachment.remember(scan_asked_at=timezone.now())
    try:
        verdict, virus = virus_scanner.scan(attachment.staging_path, attachment.renew)
    except ScannerUnavailable:
        if timezone.now() < attachment.scan_asked_at + SCAN_PATIENCE:
            raise
        verdict, virus = Verdict.UNAVAILABLE, ""
    attachment.remember(verdict=verdict, virus=virus)
    if attachment.is_infected:
        raise Infected


def _refuse(attachment):
    """Say why an infected file goes, and let it go: it is given to nobody and kept nowhere."""
    with transaction.atomic():
        if not attachment.finish(attachment.refusal, state=Attachment.State.FAILED):
            return
        # Asked again: the form may have been sent while the scanner looked.
        row = Attachment.objects.get(pk=attachment.pk)
        if row.case_id:
            row.case.events.create(kind=CaseEvent.Kind.REFUSED, note=f"{row}. {row.refusal}")
    log.warning("A file was refused: the virus scanner found %s.", attachment.virus)
    staging.remove(attachment.staging_path)


def _lost():
    return BytesLost("The file was damaged at the lab. Please upload it again.")


def _check(key, sha256, row):
    """Read an object back. Raises OSError unless it is what was sent there."""
    if default_storage.stored_digest(key, row.renew) != sha256:
        raise OSError("The storage holds other bytes than it was given.")


def _finish(attachment):
    if attachment.finish(state=Attachment.State.STORED):
        staging.remove(attachment.staging_path)


# Longer than a reader may take, twice as long as its own limit, and a file be fetched.
READING_MAY_TAKE = timedelta(minutes=10)


@shared_task(soft_time_limit=540, time_limit=570)
def read_attachment(pk):
    """Have what is in a file found out, while or after it is stored; it keeps nothing up."""
    if not FileReading.objects.on_this_host().filter(pk=pk).exists():
        return
    reading = FileReading.objects.claim(pk)
    if reading is None:
        return
    with suppress(LeaseLost):
        reading.remember(work_leased_until=timezone.now() + READING_MAY_TAKE)
        try:
            found = _read(reading.attachment)
        except StorageUnavailable:
            reading.wait_for(Dependency.STORAGE, STORAGE_UNAVAILABLE)
        except (OSError, SoftTimeLimitExceeded) as problem:
            reading.try_later(f"{type(problem).__name__}: {problem}")
        else:
            _keep(reading, found)


def _keep(reading, found):
    if how := found.findings.get("not_read"):
        reading.try_later(how)
    else:
        reading.keep(found)


def _read(attachment):
    """From the staging folder, where it takes no time, and from the storage once it went there."""
    with suppress(FileNotFoundError), open(attachment.staging_path, "rb") as file:
        if staging.received(attachment.staging_path) == attachment.size:
            return limited.read_open(file, attachment.name)
    with tempfile.TemporaryFile(dir=settings.STAGING_DIR) as copy:
        for block in default_storage.blocks(attachment.key):
            copy.write(block)
        copy.flush()
        return limited.read_open(copy, attachment.name)


@shared_task
def remove_attachment(pk):
    """Remove a file that was taken out of a form before Submit: bytes first, then the row.

    While a worker stores it, or should the storage be away, the row stays behind as a reminder
    and `expire_uploads` tries again.
    """
    removed = Attachment.objects.removed().filter(pk=pk)
    attachment = removed.exclude(work_leased_until__gt=timezone.now()).first()
    if attachment is None or attachment.is_elsewhere:
        return
    try:
        default_storage.delete(attachment.key)
    except OSError as problem:
        log.warning("A removed file stays until the storage is back: %s", problem)
        return
    staging.remove(attachment.staging_path)
    removed.delete()
