"""What the fleet reads in the portal's database.

Imported once Django is set up for the portal that is tried.
"""

import time

from django.db import OperationalError, transaction
from django.utils import timezone

from cases.models import Attachment, Prescription
from drills import verdict
from drills.verdict import steadily
from portal.models import Host
from portal.work import LEASE, WorkState

now = timezone.now


def unfinished():
    """How many rows want work that is not done."""
    return steadily(verdict.unfinished).total()


def known_hosts():
    return set(Host.objects.values_list("name", flat=True))


def heard_since(host, moment):
    return steadily(Host.objects.filter(name=host, heard_at__gt=moment).exists)


def is_free(host):
    """Whether nobody has locked the row of this host."""
    try:
        with transaction.atomic():
            Host.objects.select_for_update(nowait=True).get(name=host)
    except OperationalError:
        return False
    return True


def lock(host):
    """Lock the row of a host and say so; until this process ends."""
    with transaction.atomic():
        Host.objects.select_for_update().get(name=host)
        print("locked", flush=True)
        time.sleep(600)


def host_of(name):
    return Attachment.objects.filter(name=name).values_list("host", flat=True).first()


def key_of(name):
    """The name of an upload's staging file."""
    return Attachment.objects.get(name=name).pk.hex


def on_host(host, dentists):
    return [one for one in dentists if host_of(one.name) == host]


def claims(older_than=None):
    """Scripts that a worker has claimed, at least so long ago, by key."""
    latest = now() + LEASE - (older_than or LEASE * 0)
    rows = Prescription.objects.unfinished().filter(
        work_waits_for="", work_leased_until__gt=now(), work_leased_until__lte=latest
    )
    return {row.pk: row for row in rows}


def about(rows):
    found = Prescription.objects.filter(pk__in=rows)
    columns = ("pk", "work_state", "work_attempts", "file", "sha256")
    return {row["pk"]: row for row in found.values(*columns)}


def are_done(rows):
    return all(row["work_state"] == WorkState.DONE for row in about(rows).values())
