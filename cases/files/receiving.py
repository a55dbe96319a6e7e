"""Files on their way in: the row of an upload, its bytes in the staging folder, its removal.

The offset of an upload is what its staging file has and is written down nowhere else.
"""

import fcntl
import logging
import os
import shutil
from contextlib import closing, contextmanager
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from cases import drafts, filetypes
from cases.files.tus import Refused
from cases.models import Attachment, FileReading
from portal.files import staging
from portal.files.virus_scanner import Verdict
from portal.models import Host
from portal.work import WorkState

UNFINISHED_FOR = timedelta(days=7)  # of a case that waits for it
NEVER_FINISHED = "The upload was never finished. Please upload the file again."
# What a full disk must leave to the database and to files that are already on their way.
RESERVE = 512 * 1024**2
# Large enough to be fast; what a line that breaks off can cost at most.
BLOCK = 256 * 1024
HEAD = 4096

log = logging.getLogger(__name__)
State = Attachment.State


def expires_at(attachment):
    """When an upload that is not finished goes: that of an open form lives as long as the form."""
    if attachment.case_id:
        return attachment.created_at + UNFINISHED_FOR
    return drafts.kept_until(attachment.form_key, attachment.created_at)


def is_expired(attachment, now):
    """Whether an upload that was not finished has waited too long to go on."""
    if attachment.state == State.FAILED:
        return attachment.received_at is None
    return attachment.state == State.UPLOADING and expires_at(attachment) <= now


def check_room(size):
    """Refuse with 507 when the disk would not keep its reserve after `size` more bytes."""
    settings.STAGING_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(settings.STAGING_DIR).free < size + RESERVE:
        raise _no_room()


def _no_room():
    return Refused(
        507,
        "The lab's server has no room for this file at the moment. What has arrived so far is "
        "kept. Please try again later, or call the lab.",
    )


def receive(attachment, read, offset, length, checksum=None):
    """Append the body of a request to an upload and return its new offset.

    `read(size)` gives the next bytes of the body, b"" at its end; `length` says how many it
    has. They are written as they come: a line that breaks off keeps what came, except under a
    checksum, which vouches for the whole body only. The last byte completes the upload. What the
    offset counts is safe on the disk.
    Raises Refused: 409 wrong offset or arrived already, 413 more than announced, 423 another
    request is writing, 460 wrong checksum, 507 disk full.
    """
    with _held(attachment) as (receiver, file):
        _check_place(attachment, receiver.at, offset, length)
        start, digest = receiver.mark(), checksum and checksum.start()
        try:
            came = _copy(read, receiver, length, digest)
            is_broken = checksum and (came != length or digest.digest() != checksum.digest)
            if is_broken:
                raise Refused(460, "The bytes changed on their way. Please send them again.")
            receiver.flush()
        except OSError as problem:
            log.error("Upload stopped, the staging folder took no more: %s", problem.strerror)
            if checksum:
                receiver.back_to(start)
            raise _no_room() from problem
        except Refused:
            receiver.back_to(start)
            raise
        if receiver.at == attachment.size:
            _complete(attachment, file)
        return receiver.at


def complete(attachment):
    """Complete an upload whose last byte came just before the process died."""
    with _held(attachment) as (receiver, file):
        if receiver.at == attachment.size:
            _complete(attachment, file)


@contextmanager
def _held(attachment):
    """A Receiver for the staging file and the file itself, locked for this request alone."""
    _take_to_this_host(attachment)
    file = _opened(attachment)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(423, "Another request is sending this file right now.") from None
        _check_open(attachment)
        with _receiver(attachment, file) as receiver:
            yield receiver, file
    finally:
        os.close(file)


@contextmanager
def _receiver(attachment, file):
    try:
        receiver = staging.Receiver(attachment.staging_path, file)
    except OSError as problem:
        log.error("Upload not begun, the staging folder failed: %s", problem.strerror)
        raise _no_room() from problem
    with closing(receiver):
        yield receiver


def _take_to_this_host(attachment):
    """Of several hosts, the one that gets the first bytes of an upload keeps it."""
    if not attachment.host:
        free = Attachment.objects.filter(pk=attachment.pk, host="")
        free.update(host=settings.STAGING_HOST)
        hosts = Attachment.objects.filter(pk=attachment.pk).values_list("host", flat=True)
        attachment.host = hosts.first() or ""
    if attachment.is_elsewhere:
        _check_open(attachment)
        raise _elsewhere()


def _elsewhere():
    return Refused(
        503,
        "The server that has the first part of this file is away for the moment. "
        "Nothing is lost: the upload goes on by itself.",
        {"Retry-After": "5"},
    )


def have_here(attachment, now):
    """Have an upload go on at this host, although another one has its first part.

    False when this host has it anyway, True when it was taken over: then it begins again from
    what this host has of it, which mostly is nothing. Refuses with 503 while the other host may
    come back: it is heard from, and has not been missed for long.
    """
    if not attachment.is_elsewhere or attachment.state != State.UPLOADING:
        return False
    is_missed_long = now - _missed_since(attachment, now) > Host.SILENT_AFTER
    if Host.is_heard(attachment.host, now) and not is_missed_long:
        raise _elsewhere()
    here = settings.STAGING_HOST
    moved = Attachment.objects.filter(
        pk=attachment.pk, host=attachment.host, state=State.UPLOADING
    ).update(host=here)
    if not moved:
        raise _elsewhere()
    attachment.host = here
    return True


def _missed_since(attachment, now):
    """Since when an upload has been asked for again and again where its first part is not.

    Its host may be well and yet not be asked: when it took the upload in for one that is back.
    """
    key = f"missed-{attachment.pk.hex}"
    since, latest = cache.get(key) or (now, now)
    if now - latest > Host.SILENT_AFTER:
        since = now
    cache.set(key, (since, now), timeout=int(2 * Host.SILENT_AFTER.total_seconds()))
    return since


def begin_anew(attachment):
    """Drop what came with an announcement that was refused, and leave the upload to any host.

    Without a key nobody can ask for it again, and it goes.
    """
    here = Attachment.objects.filter(
        pk=attachment.pk, state=State.UPLOADING, host__in=["", settings.STAGING_HOST]
    )
    if attachment.upload_key:
        is_gone = here.update(host="")
    else:
        is_gone, _ = here.delete()
    if is_gone:
        staging.remove(attachment.staging_path)


def _opened(attachment):
    path, flags = attachment.staging_path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        # A worker moves the bytes of an upload that is complete: no new file in their place.
        _check_open(attachment)
        staging.remove(path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags | os.O_CREAT, 0o600)


def _check_open(attachment):
    # Asked again under the lock: another request may have completed or removed the upload.
    states = Attachment.objects.filter(pk=attachment.pk).values_list("state", flat=True)
    if states.first() == State.UPLOADING:
        return
    if not states.exists():
        staging.remove(attachment.staging_path)
        raise Refused(404, "This upload was removed. Please choose the file again.")
    raise Refused(409, "This file has arrived already.", {"Upload-Offset": str(attachment.size)})


def _check_place(attachment, at, offset, length):
    if offset != at:
        raise Refused(
            409, f"The upload goes on at byte {at}, not {offset}.", {"Upload-Offset": str(at)}
        )
    if offset + length > attachment.size:
        raise Refused(
            413,
            f"“{attachment.name}” was announced with {attachment.size} bytes, and this is more. "
            "What came before is kept. Please choose the file again.",
        )


def _copy(read, receiver, length, digest):
    came = 0
    while came < length:
        try:
            block = read(min(BLOCK, length - came))
        except OSError:  # Django's UnreadablePostError too: the line broke off.
            break
        if not block:
            break
        receiver.write(block)
        if digest:
            digest.update(block)
        came += len(block)
    return came


def _complete(attachment, file):
    now = timezone.now()
    kind = filetypes.kind_of(attachment.name, os.pread(file, HEAD, 0), attachment.size)
    with transaction.atomic():
        # Another host may have taken it over meanwhile, and then waits for its own last byte.
        uploading = Attachment.objects.filter(
            pk=attachment.pk, state=State.UPLOADING, host=attachment.host
        )
        if uploading.update(state=State.RECEIVED, kind=kind, received_at=now, work_asked_at=now):
            drafts.renew(attachment.form_key, now)
            # Read first: from the staging folder it takes a second, and storing empties it.
            reading, _ = FileReading.objects.get_or_create(attachment=attachment)
            reading.hand_over_on_commit()
            attachment.hand_over_on_commit()
            return
    _check_open(attachment)
    raise _elsewhere()


def fail_unfinished(attachment):
    """Mark a case's file whose upload was never finished as failed, and drop its part."""
    unfinished = Attachment.objects.filter(pk=attachment.pk, state=State.UPLOADING)
    if unfinished.update(
        state=State.FAILED, work_state=WorkState.FAILED, work_failure=NEVER_FINISHED
    ):
        staging.remove(attachment.staging_path)


def store_again(attachment):
    """Try again to store a file that arrived whole and that the storage did not take.

    The virus scanner looks at it anew. False when its bytes never came, it is stored or was
    refused: there is nothing to try then.
    """
    now = timezone.now()
    with transaction.atomic():
        failed = Attachment.objects.filter(pk=attachment.pk, state=State.FAILED)
        tried = failed.exclude(received_at=None).exclude(verdict=Verdict.INFECTED)
        asked = tried.update(
            verdict="",
            scan_asked_at=None,
            state=State.RECEIVED,
            work_state=WorkState.WAITING,
            work_failures=0,
            work_leased_until=None,
            work_asked_at=now,
        )
        if asked:
            attachment.hand_over_on_commit()
    return bool(asked)
