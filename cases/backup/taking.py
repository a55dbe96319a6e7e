"""Taking a backup: the database of one moment, and the bytes of every file that it says it has.

The database is dumped first and the list of files is read in the same snapshot. The files are
copied afterwards, while everybody goes on working: an object never changes and goes only when its
owner takes the file out of a form, so what the snapshot lists is still there or is noted as
removed. A file that had arrived and was not stored yet is copied from this host's
staging folder, or from the storage if a worker was quicker. One that waits on another host comes
within reach as soon as that host has stored it.

Into a folder with an earlier backup only what is new is copied. The rest is read and compared, or
looked at only, for backups that are taken every few minutes.
"""

import json
import tempfile
import time
import uuid
from collections import Counter

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q

from cases.backup import database
from cases.backup.manifest import Backup, Changed, Part
from cases.backup.names import Listing
from cases.backup.verifying import in_batches, removed
from cases.models import Attachment, Case, Prescription
from portal.files import staging
from portal.files.storage import BLOCK, StorageUnavailable
from portal.files.virus_scanner import Verdict
from portal.work import WorkState

WAIT_SECONDS = 60
LOOK_AGAIN_SECONDS = 1
TRIES = 3

State = Attachment.State
ENDINGS = {"postgresql": "dump", "sqlite": "sqlite3"}

# Why a file of the snapshot has no bytes in the backup. The first two are as they should be.
REMOVED = "removed"
FAILED = "failed"
GONE = "gone"
DAMAGED = "damaged"
OUT_OF_REACH = "out_of_reach"


def take(folder, now, progress, wait=WAIT_SECONDS, quick=False):
    """Make the backup of `now` in a folder and return its manifest.

    `wait` says how many seconds a file that only another host has may take to be stored; `quick`
    looks at the sizes only of what the backup before has copied and compared.
    Raises Unusable and DumpFailed with a sentence; OSError for a storage that is away or a disk
    that is full. Then the folder still holds the backup that it held before.
    """
    backup = Backup(folder)
    database.check_programs()
    with backup.being_made(), tempfile.TemporaryFile("w+", encoding="utf-8") as wanted:
        stamp = f"{now:%Y%m%dT%H%M%S%f}Z"
        dumped = f"database-{stamp}.{ENDINGS[connection.vendor]}"
        with database.moment() as write_dump:
            write_dump(backup.folder / dumped)
            about = _about_the_database()
            for line in _wanted():
                wanted.write(json.dumps(line) + "\n")
        wanted.seek(0)
        with Listing(_copied_before(backup) if quick else []) as before:
            copies = Copies(backup, progress, wait, before)
            files = backup.copy(copies.of(map(json.loads, wanted)), f"files-{stamp}.jsonl")
        return backup.seal(
            {
                "made_at": now.isoformat(),
                "host": settings.STAGING_HOST,
                "database": vars(backup.measured(dumped)),
                "files": vars(files),
                "counts": {**about.pop("counts"), **copies.counts},
                **about,
            }
        )


def _copied_before(backup):
    """Names and sizes for a Listing: what the backup that is in the folder vouches for."""
    if backup.exists():
        for line in backup.lines(backup.manifest()):
            yield f"{line['path']} {line['sha256']}", line["size"]


def _about_the_database():
    applied = MigrationRecorder(connection).applied_migrations()
    return {
        "vendor": connection.vendor,
        "migrations": sorted(f"{app}.{name}" for app, name in applied),
        "counts": {"cases": Case.objects.count()},
    }


def _wanted():
    """What the snapshot says there is: a dictionary for each file and each RX script."""
    # In failed rows the bytes that arrived still wait for another try.
    has_come = Q(state__in=[State.STORED, State.RECEIVED]) | Q(
        state=State.FAILED, received_at__isnull=False
    )
    kept = Attachment.objects.filter(has_come).exclude(removed() | Q(verdict=Verdict.INFECTED))
    for row in in_batches(kept):
        yield {
            "of": Attachment._meta.label_lower,
            "id": str(row.pk),
            "state": row.state,
            "is_here": not row.is_elsewhere,
            "key": row.key,
            "size": row.size,
            "sha256": row.sha256,
        }
    done = Prescription.objects.filter(work_state=WorkState.DONE).exclude(file="")
    for row in in_batches(done.defer("snapshot")):
        yield {
            "of": Prescription._meta.label_lower,
            "id": str(row.pk),
            "state": State.STORED,
            "key": row.file.name,
            "sha256": row.sha256,
        }


class Copies:
    """Copies files into a backup and says of each one what became of it."""

    def __init__(self, backup, progress, wait, before):
        self._backup, self._progress, self._wait, self._before = backup, progress, wait, before
        self.counts = Counter(
            dict.fromkeys(["files", "bytes", REMOVED, FAILED, GONE, DAMAGED, OUT_OF_REACH], 0)
        )

    def of(self, wanted):
        """Copy what is wanted; yields the lines of the list of files, as bytes."""
        with tempfile.TemporaryFile("w+", encoding="utf-8") as later:
            for line in wanted:
                found = self._copied(line)
                if found is None:
                    later.write(json.dumps(line) + "\n")
                else:
                    yield self._noted(line, found)
            later.seek(0)
            for line in map(json.loads, later):
                yield self._noted(line, self._waited_for(line))

    def _noted(self, line, found):
        """The line of the list for a Part, or for the reason why there is none."""
        about = {"of": line["of"], "id": line["id"]}
        if isinstance(found, Part):
            self.counts["files"] += 1
            self.counts["bytes"] += found.size
            self._progress.step(found.size)
            about |= vars(found)
        else:
            self.counts[found] += 1
            about |= {"path": "", "size": 0, "sha256": "", "missing": found}
        return (json.dumps(about) + "\n").encode()

    def _copied(self, line):
        """A Part, a reason why there is none, or None when another look is worth the while."""
        if line["state"] == State.STORED:
            return self._object(f"objects/{line['key']}", line["key"], line["sha256"], line)
        if line["is_here"] and (part := self._staged(line)):
            return part
        return self._moved_on(line)

    def _held(self, path, sha256):
        """The Part of a copy that an earlier backup made and that is right, else None."""
        size = self._before.look_up(f"{path} {sha256}")
        if size is not None and self._backup.size(path) == size:
            return Part(path, size, sha256)
        return self._backup.holds(path, sha256)

    def _staged(self, line):
        """The Part of a file in this host's staging folder; None when it is no longer there."""
        row = Attachment(pk=uuid.UUID(line["id"]))
        path = f"staging/{row.pk.hex}"
        try:
            if staging.received(row.staging_path) != line["size"]:
                return None
            sha256 = staging.digest(row.staging_path)
            return self._held(path, sha256) or self._backup.copy(
                _blocks(row.staging_path), path, sha256
            )
        except FileNotFoundError:
            return None
        except (staging.Damaged, Changed):
            return DAMAGED

    def _moved_on(self, line):
        """What became, since the snapshot, of a file that was not stored then."""
        row = Attachment.objects.filter(pk=line["id"]).exclude(removed()).first()
        if row is None:
            return REMOVED
        if row.state == State.STORED:
            path = f"staging/{row.pk.hex}"
            return self._object(path, row.key, row.sha256, line)
        if row.state == State.FAILED:
            # Its bytes are lost or on another host, and the row says so to its owner.
            return FAILED
        return None

    def _waited_for(self, line):
        until = time.monotonic() + self._wait
        while (found := self._copied(line)) is None and time.monotonic() < until:
            time.sleep(LOOK_AGAIN_SECONDS)
        self._wait = max(until - time.monotonic(), 0)
        return found or OUT_OF_REACH

    def _object(self, path, key, sha256, line):
        """The Part of a stored object, or the reason why there is none. Raises OSError."""
        if sha256 and (part := self._held(path, sha256)):
            return part
        for attempt in range(1, TRIES + 1):
            try:
                return self._backup.copy(default_storage.blocks(key), path, sha256)
            except FileNotFoundError:
                return GONE if _is_wanted_still(line) else REMOVED
            except Changed:
                # Once more: it may have been the line.
                if attempt == TRIES:
                    return DAMAGED
            except StorageUnavailable:
                if attempt == TRIES:
                    raise
                time.sleep(attempt)


def _is_wanted_still(line):
    if line["of"] == Attachment._meta.label_lower:
        return Attachment.objects.filter(pk=line["id"]).exclude(removed()).exists()
    return Prescription.objects.filter(pk=line["id"]).exists()


def _blocks(path):
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            yield block
