"""Rows, stored objects and staging files against each other, both ways; reads only.

The portal may be at work meanwhile: whatever looks wrong is looked at a second time before it
is reported, since a row may have gone on or gone away between two looks.
"""

import uuid
from collections import Counter
from dataclasses import dataclass

from django.conf import settings
from django.core.files.storage import default_storage
from django.db.models import Q

from cases.backup.names import Listing
from cases.models import Attachment, Prescription
from portal.files import staging
from portal.files.storage import StorageUnavailable
from portal.work import WorkState

BATCH = 500
State = Attachment.State

NO_OBJECT = "is stored, but its object is gone"
NO_KEY = "is done, but names no object"
OTHER_SIZE = "is stored, but its object has another size"
OTHER_BYTES = "is stored, but its object has other bytes"
UNREADABLE = "is stored, but its object cannot be read"
NO_ROW = "belongs to no row"
NO_BYTES = "has arrived, but its bytes are not in the staging folder"
LEFT_OVER = "is stored, but its staging copy is still there"


@dataclass(frozen=True)
class Finding:
    """Something that does not fit: `what` is a row or bytes, `id` its row id or object key."""

    what: str
    id: str
    case: str
    problem: str

    def __str__(self):
        of_case = f" of case {self.case}" if self.case else ""
        return f"{self.what} {self.id}{of_case} {self.problem}."


class Verification:
    """One look at everything. `findings()` yields what is wrong; `checked` counts what was seen."""

    def __init__(self, progress, quick=False):
        self._progress, self._quick = progress, quick
        self.checked = Counter()

    def findings(self):
        """Compare everything; with `quick`, sizes only. Raises OSError when the storage is away."""
        with Listing((key, size) for key, size, _ in default_storage.objects()) as objects:
            self.checked["objects"] = len(objects)
            yield from self._files(objects)
            yield from self._prescriptions(objects)
            yield from _without_row(objects)
        yield from self._arrived()
        yield from self._staging()

    def _files(self, objects):
        stored = Attachment.objects.filter(state=State.STORED)
        for row in in_batches(stored.exclude(removed()).select_related("case")):
            self.checked["files"] += 1
            problem = self._problem(objects, row.key, row.size, row.sha256)
            if problem and stored.exclude(removed()).filter(pk=row.pk).exists():
                yield Finding("File", str(row.pk), _number(row), problem)

    def _prescriptions(self, objects):
        done = Prescription.objects.filter(work_state=WorkState.DONE)
        for row in in_batches(done.select_related("case").defer("snapshot")):
            self.checked["RX scripts"] += 1
            key = row.file.name
            problem = self._problem(objects, key, None, row.sha256) if key else NO_KEY
            if problem and done.filter(pk=row.pk, file=key).exists():
                yield Finding("RX script", str(row.pk), row.case.number, problem)

    def _problem(self, objects, key, size, sha256):
        found = objects.look_up(key)
        if found is None:
            # Stored since the objects were listed, perhaps.
            found = default_storage.stored_size(key)
        self._progress.step(found or 0)
        if found is None:
            return NO_OBJECT
        if size is not None and found != size:
            return OTHER_SIZE
        if self._quick or not sha256:
            return ""
        try:
            return "" if default_storage.stored_digest(key) == sha256 else OTHER_BYTES
        except StorageUnavailable:
            raise
        except FileNotFoundError:
            return NO_OBJECT
        except OSError:
            return UNREADABLE

    def _arrived(self):
        here = Attachment.objects.on_this_host().exclude(removed()).select_related("case")
        arrived = here.filter(state=State.RECEIVED)
        for row in in_batches(arrived):
            self.checked["files on their way"] += 1
            if _has_bytes(row) or not arrived.filter(pk=row.pk).exists():
                continue
            yield Finding("File", str(row.pk), _number(row), NO_BYTES)

    def _staging(self):
        if not settings.STAGING_DIR.is_dir():
            return
        for path in settings.STAGING_DIR.iterdir():
            pk = _row_id(path.stem)
            if pk is None or (path.suffix and path.with_suffix("").exists()):
                continue  # not ours, or the digests beside the bytes
            self.checked["staging files"] += 1
            row = Attachment.objects.filter(pk=pk).select_related("case").first()
            if row is None and path.exists():
                yield Finding("Staging file", str(pk), "", NO_ROW)
            elif row and row.state == State.STORED and path.exists():
                yield Finding("File", str(pk), _number(row), LEFT_OVER)


def removed():
    """Files that were taken out of a form: their bytes may go before their row does."""
    return Q(case=None, form_key=None)


def in_batches(rows):
    """The rows of a queryset by primary key, without one query that lasts for hours."""
    batch = rows.order_by("pk")[:BATCH]
    while found := list(batch):
        yield from found
        batch = rows.filter(pk__gt=found[-1].pk).order_by("pk")[:BATCH]


def _without_row(objects):
    for key in objects.never_asked():
        if not _has_row(key) and default_storage.stored_size(key) is not None:
            yield Finding("Object", key, "", NO_ROW)


def _has_row(key):
    # While it is copied from another disk, an object is called so.
    names = [key, key.removesuffix(".part")]
    return (
        Attachment.objects.filter(key__in=names).exists()
        or Prescription.objects.filter(file__in=names).exists()
    )


def _has_bytes(row):
    """Whether the bytes of a file that arrived are in the staging folder or stored already."""
    if staging.received(row.staging_path) == row.size:
        return True
    return bool(row.sha256) and default_storage.stored_size(row.key) == row.size


def _number(attachment):
    return attachment.case.number if attachment.case else ""


def _row_id(name):
    try:
        return uuid.UUID(name)
    except ValueError:
        return None
