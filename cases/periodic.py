import uuid
from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts import unsent
from cases import drafts, emails
from cases.files import receiving
from cases.files.tus import Refused
from cases.models import Attachment, Draft, RemovedFile
from portal.models import Host

STRAY_FOR = timedelta(days=2)

State = Attachment.State


@shared_task
def expire_uploads():
    """Remove what nobody will finish or send: uploads, files and drafts that waited too long."""
    now = timezone.now()
    expire_drafts(now)
    RemovedFile.objects.filter(removed_at__lte=_left_by(now)).delete()
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
    unfinished = _here().filter(state=State.UPLOADING)
    for attachment in _of_left_forms(unfinished, now).filter(created_at__lte=_left_by(now)):
        if not drafts.remove_left(attachment, now):
            receiving.fail_unfinished(attachment)
    late = now - receiving.UNFINISHED_FOR
    for attachment in unfinished.exclude(case=None).filter(created_at__lte=late):
        receiving.fail_unfinished(attachment)


def expire_unattached(now):
    """Files that arrived and whose form was left, and those somebody removed meanwhile."""
    left = _of_left_forms(_here(), now).filter(received_at__lte=_left_by(now))
    for attachment in left | _here().removed():
        drafts.remove_left(attachment, now)


def _left_by(now):
    return now - unsent.lasts()


def _of_left_forms(files, now):
    """Those without a case whose form nobody has gone on with."""
    kept = Draft.objects.filter(pk=OuterRef("form_key"), updated_at__gt=_left_by(now))
    return files.filter(~Exists(kept), case=None)


def remove_strays(now):
    """Staging files that no row needs any more.

    Those of a stored or refused file go at once, others when they are so old that nobody can be
    about to write their row.
    """
    if not settings.STAGING_DIR.is_dir():
        return
    old = (now - STRAY_FOR).timestamp()
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
    """Forms that were left and have no files any more."""
    files = Attachment.objects.filter(form_key=OuterRef("form_key"), case=None)
    Draft.objects.filter(~Exists(files), updated_at__lte=_left_by(now)).delete()


@shared_task
def remind_of_unsent():
    """Tell people, once a form, what of theirs has waited unsent for a day."""
    now = timezone.now()
    for draft in drafts.to_remind_of(now):
        with transaction.atomic():
            # Of two workers at once, one tells.
            if Draft.objects.filter(pk=draft.pk, reminded_at=None).update(reminded_at=now):
                emails.form_unsent(draft, _link(draft), draft.updated_at + unsent.lasts())


def _link(draft):
    place = drafts.place_of_new(draft.pk)
    return draft.case.record_url if draft.case else f"{settings.SITE_URL}{place}"
