"""Putting a backup back: nothing is touched before all of it was read and found whole.

Files go first, into the storage and this host's staging folder; then the database changes in one
transaction that also stops its mails, ends its sessions and voids the leases of its workers. So a
restore that breaks off can simply be started again.
"""

import shutil
from collections import Counter
from itertools import chain

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from accounts import access_log
from accounts.models import Access
from cases.backup import database
from cases.backup.manifest import Backup, Unusable, make_folders, private
from cases.backup.verifying import LEFT_OVER, Verification, in_batches, removed
from cases.models import Attachment, Prescription
from portal.files import staging
from portal.files.disk import sync
from portal.files.storage import BLOCK, StorageUnavailable
from portal.models import Email, Host
from portal.work import WorkState, kinds

NOT_SENT = "Restored from a backup; not sent."
NOT_IN_BACKUP = "This file is missing in the backup that was restored. Please upload it again."
OUR_APPS = {"portal", "accounts", "cases", "scheduling"}

State = Attachment.State


def restore(folder, force, progress):
    """Put the backup in a folder back and return a Counter of what was done.

    Without `force`, database and storage must be empty; with it, the database is replaced, and
    objects that the backup does not have stay. Raises Unusable and DumpFailed with a sentence,
    OSError for a storage that is away or a disk that is full.
    """
    backup = Backup(folder)
    manifest = backup.verify(progress)
    _check_fits(manifest)
    database.check_programs()
    if not force:
        _check_empty()
    done = Counter(cases=manifest["counts"]["cases"])
    for line in backup.lines(manifest):
        if line["path"]:
            done[_put_back(backup.folder / line["path"], line)] += 1
            progress.step(line["size"])
    database.load(backup.folder / manifest["database"]["path"], list(_silenced()))
    _bring_up_to_date()
    access_log.protect()
    # The rows of after the backup are lost; the chain goes on with the moment up to which it is.
    access_log.write(
        what=Access.What.PORTAL,
        action=Access.Action.RESTORED,
        result=Access.Result.DONE,
        item=manifest["made_at"],
    )
    done["mails not sent"] = Email.objects.filter(work_failure=NOT_SENT).count()
    _settle_arrived(backup.lines(manifest))
    done.update(_settle_stored(progress))
    return done


def _check_fits(manifest):
    if manifest["vendor"] != connection.vendor:
        raise Unusable(
            f"The backup is of a {manifest['vendor']} database, and DATABASE_URL names one of "
            f"{connection.vendor}. Nothing was touched. Please set DATABASE_URL accordingly."
        )
    on_disk = MigrationLoader(connection, ignore_no_migrations=True).disk_migrations
    # Squashed ones are applied under their own name or under those that they replace.
    replaced = chain.from_iterable(migration.replaces for migration in on_disk.values())
    known = {f"{app}.{name}" for app, name in chain(on_disk, replaced)}
    if unknown := sorted(set(manifest["migrations"]) - known):
        raise Unusable(
            f"The backup was made by a newer release: this one does not know {unknown[0]}. "
            "Nothing was touched. Please restore it with the release that made it."
        )


def _check_empty():
    tables = set(connection.introspection.table_names())
    for model in apps.get_models():
        is_there = model._meta.app_label in OUR_APPS and model._meta.db_table in tables
        if is_there and model._default_manager.exists():
            raise _not_empty("The database")
    if next(default_storage.objects(), None):
        raise _not_empty("The storage")


def _not_empty(what):
    return Unusable(
        f"{what} is not empty, so nothing was touched. To replace the database by the backup, "
        "stop the portal on every host and add --force."
    )


def _put_back(path, line):
    """Have one file of the backup where the portal looks for it. Raises OSError."""
    top, _, name = line["path"].partition("/")
    if top == "staging":
        _put_into_staging(path, settings.STAGING_DIR / name, line["sha256"])
        return "files on their way"
    if not _is_stored(name, line):
        default_storage.store_copy(path, name)
        if not _is_stored(name, line):
            raise StorageUnavailable("The storage holds other bytes than it was given.")
    return "objects"


def _is_stored(key, line):
    if default_storage.stored_size(key) != line["size"]:
        return False
    return default_storage.stored_digest(key) == line["sha256"]


def _put_into_staging(path, target, sha256):
    make_folders(target.parent)
    fresh = target.with_suffix(".restored")
    with path.open("rb") as source, open(fresh, "wb", opener=private) as copy:
        shutil.copyfileobj(source, copy, BLOCK)
        sync(copy)
    if staging.digest(fresh) != sha256:
        fresh.unlink()
        raise OSError("The staging folder holds other bytes than it was given.")
    # The digests of what lies there now say nothing about these bytes.
    staging.remove(target)
    fresh.replace(target)


def _silenced():
    """SQL that belongs to the restored rows: no mail goes out, nobody is signed in."""
    email, session, host = (model._meta.db_table for model in (Email, Session, Host))
    yield (  # all of these are names and values from our own code
        f"UPDATE {email} SET work_state = 'failed', work_failure = '{NOT_SENT}',"  # noqa: S608
        f" work_waits_for = '' WHERE work_state = 'waiting'"
    )
    yield f"DELETE FROM {session}"  # noqa: S608
    yield f"DELETE FROM {host}"  # noqa: S608
    for model in kinds():
        # A worker that still holds a row from before must not write to it any more.
        yield (
            f"UPDATE {model._meta.db_table} SET work_leased_until = NULL,"  # noqa: S608
            f" work_attempts = work_attempts + 1 WHERE work_state <> 'done'"
        )


def _bring_up_to_date():
    """Migrate a database of an older release."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def _settle_arrived(lines):
    """Files on their way lie in this host's staging folder now, wherever they were before."""
    here = {"host": settings.STAGING_HOST}
    for line in lines:
        if line["path"].startswith("staging/"):
            Attachment.objects.filter(pk=line["id"]).update(**here)
    Attachment.objects.filter(removed()).update(**here)


def _settle_stored(progress):
    """Say what the backup does not have: files fail with a sentence, RX scripts are made anew."""
    done = Counter()
    for row in in_batches(Attachment.objects.filter(state=State.RECEIVED).exclude(removed())):
        if staging.received(row.staging_path) != row.size:
            done["files missing"] += _fail(row.pk)
    for finding in Verification(progress, quick=True).findings():
        if finding.what == "File" and finding.problem != LEFT_OVER:
            done["files missing"] += _fail(finding.id)
        elif finding.what == "RX script":
            done["RX scripts to be made anew"] += _ask_anew(finding.id)
        elif finding.what == "Object":
            done["objects without a row"] += 1
    return done


def _fail(pk):
    return Attachment.objects.filter(pk=pk).update(
        state=State.FAILED, work_state=WorkState.FAILED, work_failure=NOT_IN_BACKUP
    )


def _ask_anew(pk):
    return Prescription.objects.filter(pk=pk).update(
        file="",
        sha256="",
        work_state=WorkState.WAITING,
        work_failures=0,
        work_asked_at=timezone.now(),
    )
