import uuid
from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cases import drafts
from cases.files import receiving
from cases.files.tus import Refused
from cases.models import Attachment, Draft
from portal.models import Host

UNATTACHED_FOR = timedelta(days=2)

State = Attachment.State


@shared_task
def expire_uploads():
    """Remove what nobody will finish or send: uploads, files and drafts that waited too long."""
    expire_drafts(timezone.now())
    for host in Host.objects.all():
        tidy_staging.apply_async(queue=host.queue, expires=120)


@shared_task(soft_time_limit=1740, time_limit=1800)
def tidy_staging():
    """What only the host itself can do in its staging folder; asked of each, time and again."""
    now = timezone.now()
    complete_arrived()
    expire_unfinished(now)
    expire_unattached(now)
    remove_strays(now)


def complete_arrived():
    """Complete uploads whose last byte came just before a process died."""
    for attachment in _here().filter(state=State.UPLOADING):
        if attachment.received_bytes == attachment.size:
            with suppress(Refused):
                receiving.complete(attachment)


def _here():
    return Attachment.objects.on_this_host()


def expire_unfinished(now):
    """Uploads that were not finished in time: removed, or failed where a case waits for them."""
    begun = now - receiving.UNFINISHED_FOR
    for attachment in _here().filter(state=State.UPLOADING, created_at__lte=begun):
        if attachment.case_id or not receiving.remove(attachment):
            receiving.fail_unfinished(attachment)


def expire_unattached(now):
    """Files that arrived and that no case took, and those somebody removed meanwhile."""
    loose = _here().filter(case=None, received_at__lte=now - UNATTACHED_FOR)
    for attachment in loose | _here().removed():
        receiving.remove(attachment)


def remove_strays(now):
    """Staging files that no row needs any more.

    Those of a stored or refused file go at once, others when they are so old that nobody can be
    about to write their row.
    """
    if not settings.STAGING_DIR.is_dir():
        return
    old = (now - UNATTACHED_FOR).timestamp()
    needed = _here().exclude(state=State.STORED)
    settled = Attachment.objects.filter(state=State.STORED) | Attachment.objects.refused()
    for path in settings.STAGING_DIR.iterdir():
        # A name that is no UUID is not ours to remove.
        with suppress(FileNotFoundError, ValueError):
            pk = uuid.UUID(path.name.removesuffix(".sums"))
            is_old = path.stat().st_mtime <= old
            if settled.filter(pk=pk).exists() or (is_old and not needed.filter(pk=pk).exists()):
                path.unlink()


def expire_drafts(now):
    """Forms that were left a week ago and have no files."""
    files = Attachment.objects.filter(form_key=OuterRef("form_key"), case=None)
    Draft.objects.filter(~Exists(files), updated_at__lte=now - drafts.LASTS).delete()
