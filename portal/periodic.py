import logging
from contextlib import suppress

from celery import shared_task
from celery.signals import worker_ready
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.celery import waiting_in
from portal.files.storage import StorageUnavailable
from portal.models import Host
from portal.work import kinds

log = logging.getLogger(__name__)

# A queue that is longer is being worked off; more hints would only pile up behind a slow worker.
LONGEST_QUEUE = 500


@shared_task
def sweep():
    """Hand over again all work that waits, whatever became of its message."""
    room = {}
    for model in kinds():
        for row in take_up(model.objects, timezone.now()):
            queue = row.work_queue
            if queue not in room:
                room[queue] = LONGEST_QUEUE - waiting_in(queue)
            if room[queue] > 0:
                row.hand_over()
                room[queue] -= 1


def take_up(rows, now, most=500):
    """Rows whose work was left behind, noted as asked for anew; two sweeps at once share them."""
    skip = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        waiting = rows.left_behind(now).order_by("work_asked_at")
        taken = list(waiting.select_for_update(skip_locked=skip)[:most])
        keys = [row.pk for row in taken]
        rows.filter(pk__in=keys).update(work_asked_at=now)
    return taken


@shared_task
def call_hosts():
    """Ask every known host for a sign of life, by its own queue."""
    for host in Host.objects.all():
        hear_from_host.apply_async(queue=host.queue, expires=60)


@shared_task
def hear_from_host():
    """Runs on the host that was asked: its worker, the broker and beat are all well."""
    Host.heard_from()


@worker_ready.connect
def introduce_host(**kwargs):
    """The queue of a host is known from its first worker on."""
    try:
        Host.heard_from()
    except DatabaseError as problem:
        log.warning("The database is away, so this host is not known yet: %s", problem)


@shared_task
def abort_old_uploads():
    """Tidy the bucket of uploads that broke off long ago; should it be away, the next hour will."""
    with suppress(StorageUnavailable):
        default_storage.abort_old_uploads(timezone.now())


@shared_task
def clear_sessions():
    """Sessions that are over hold what somebody typed or looked at, and nobody needs them."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
