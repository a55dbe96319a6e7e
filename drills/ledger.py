"""What the fleet reads in the portal's database and bucket.

Imported once Django is set up for the portal that is tried.
"""

import hashlib
import time
from collections import Counter

from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.utils import timezone

from cases.models import Attachment, Prescription
from cases.periodic import expire_uploads
from drills import verdict
from drills.verdict import move_in, steadily
from portal.models import Email, Host
from portal.periodic import sweep
from portal.work import LEASE, WorkState

__all__ = ["move_in"]

now = timezone.now
_demo = {}


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


def ask_to_tidy():
    expire_uploads()


def ask_to_sweep():
    sweep.delay()


def remember_the_demo():
    """Mails that the demo wrote as if they had been sent, and files that it shows as failed."""
    _demo["mails"] = set(
        Email.objects.filter(work_state=WorkState.DONE).values_list("pk", flat=True)
    )
    _demo["failed"] = set(_given_up())


def _given_up():
    for model in (Attachment, Prescription, Email):
        for row in model.objects.filter(work_state=WorkState.FAILED):
            yield f"{model.__name__} {row.pk}: {row.work_failure}"


def judge(sent, mails):
    """(passed, sentence) pairs: what was sent, and every row, object and mail."""
    yield from _files(sent)
    yield from _digests()
    yield from _objects()
    yield from _mails(mails)


def _read_back(key):
    sha256 = hashlib.sha256()
    for block in default_storage.blocks(key):
        sha256.update(block)
    return sha256.hexdigest()


def _files(sent):
    count, wrong = 0, 0
    for case in sent:
        rows = {file.name: file for file in Attachment.objects.filter(case__number=case.number)}
        for name, sha256 in case.files.items():
            count += 1
            file = rows.get(name)
            is_whole = file and file.state == "stored" and _read_back(file.key) == sha256
            wrong += not is_whole
    yield (
        not wrong,
        f"files read back from S3 with the client's SHA-256: {count - wrong} of {count}",
    )
    loose = Attachment.objects.filter(case=None, name__startswith="scan-").count()
    yield not loose, f"files that no case has: {loose}"


def _digests():
    rows = list(Prescription.objects.all())
    wrong = [row for row in rows if _read_back(row.file.name) != row.sha256]
    yield not wrong, f"RX scripts as they were rendered: {len(rows) - len(wrong)} of {len(rows)}"
    failed = set(_given_up()) - _demo["failed"]
    yield not failed, "; ".join([f"rows given up: {len(failed)}", *failed])


def _objects():
    keys = {*Attachment.objects.values_list("key", flat=True)}
    keys |= {*Prescription.objects.values_list("file", flat=True)}
    objects = [key for key, _, _ in default_storage.objects()]
    strays = set(objects) - keys
    yield not strays, f"objects without a row: {len(strays)} of {len(objects)}"


def _mails(mails):
    rows = Email.objects.filter(work_state=WorkState.DONE).exclude(pk__in=_demo["mails"])
    expected = Counter(f"<{row.kind}.{row.pk}" for row in rows)
    ids = [mail["Message-ID"] for mail in mails]
    # A line that is cut between the server's 250 and our note of it brings a mail twice, with the
    # same Message-ID. A second id for one row would be a second mail.
    came = Counter(message_id.partition("@")[0] for message_id in set(ids))
    yield (
        came == expected,
        (
            f"mails {came.total()}, rows {expected.total()}, "
            f"missing {(expected - came).total()}, too many {(came - expected).total()}, "
            f"taken again with the same Message-ID: {len(ids) - len(set(ids))}"
        ),
    )
