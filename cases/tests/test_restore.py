"""What a backup has comes back whole, quietly, or nothing is touched."""

import json
import os
import shutil
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from accounts.models import Access, Practice, User
from cases.backup.manifest import Backup, _checksum
from cases.models import Attachment, Case, Prescription
from cases.tasks import render_prescription, store_attachment
from cases.tests import lab_files
from portal.models import Email, Host
from portal.work import WorkState

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("log_can_be_emptied"),
]

on_disk = pytest.mark.embedded(only=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def wipe(settings):
    """A function that loses everything the portal has."""

    def wipe():
        call_command("flush", interactive=False, verbosity=0)
        for key, _, _ in list(default_storage.objects()):
            default_storage.delete(key)
        shutil.rmtree(settings.STAGING_DIR, ignore_errors=True)

    return wipe


@pytest.fixture
def backed_up(send_case, folder, dentist_client):
    """A backup of a case with a stored file, one on its way, a mail that waits and a session."""
    case = send_case()
    lab_files.store(case)
    lab_files.arrive(case, b"x" * 99)
    Email.objects.create(key="waits", kind="k", to="a@b.example", subject="s", text="t")
    call_command("backup", str(folder))
    return case


def restore(folder, capsys, **options):
    capsys.readouterr()
    call_command("restore", str(folder), **options)
    return capsys.readouterr().out


def verify():
    call_command("verify_files")


def test_everything_comes_back(backed_up, folder, wipe, capsys, settings):
    wipe()
    said = restore(folder, capsys)
    assert "1 cases, " in said
    case = Case.objects.get()
    assert (case.pk, case.patient_name) == (backed_up.pk, "Jane Roe")
    stored, arrived = Attachment.objects.order_by("-size")
    assert b"".join(default_storage.blocks(stored.key)) == lab_files.BODY
    assert arrived.staging_path.read_bytes() == b"x" * 99
    store_attachment(arrived.pk)
    arrived.refresh_from_db()
    assert arrived.state == "stored"
    verify()


def test_the_restored_portal_needs_no_migration_and_goes_on(
    backed_up, folder, wipe, send_case, capsys
):
    wipe()
    restore(folder, capsys)
    call_command("migrate", check=True, verbosity=0)
    assert send_case().pk > backed_up.pk


def test_a_backup_of_an_older_release_is_migrated(case, folder, capsys):
    call_command("migrate", "admin", "0001", verbosity=0)
    call_command("backup", str(folder))
    call_command("migrate", verbosity=0)
    restore(folder, capsys, force=True)
    call_command("migrate", check=True, verbosity=0)


def test_the_access_log_comes_back_whole_and_goes_on(
    backed_up, folder, wipe, dentist_client, capsys
):
    dentist_client.get(f"/cases/{backed_up.number}/")
    call_command("backup", str(folder))
    before = list(Access.objects.order_by("pk").values())
    wipe()
    restore(folder, capsys)
    call_command("verify_access_log")
    *after, restored = Access.objects.order_by("pk").values()
    assert after == before
    made_at = json.loads((folder / "manifest.json").read_text())["made_at"]
    assert (restored["action"], restored["item"]) == ("restored", made_at)
    assert (restored["user_id"], restored["practice_id"]) == (None, None)
    # Twice, over what was there.
    restore(folder, capsys, force=True)
    call_command("verify_access_log")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite knows no rights.")
def test_after_a_restore_the_access_log_cannot_be_changed_either(backed_up, folder, capsys):
    restore(folder, capsys, force=True)
    for grant, refusal in (("", "permission denied"), ("GRANT", "never changed or deleted")):
        if grant:
            with connection.cursor() as cursor:
                cursor.execute("GRANT UPDATE ON accounts_access TO CURRENT_USER")
        with pytest.raises(DatabaseError, match=refusal):
            Access.objects.update(item="x")


def test_no_mail_is_sent(backed_up, folder, wipe, capsys, sent):
    wipe()
    assert "1 mails not sent" in restore(folder, capsys)
    Email.objects.update(work_asked_at=timezone.now() - timedelta(hours=1))
    call_command("sweep")
    assert sent() == []
    mail = Email.objects.get(key="waits")
    assert mail.work_state == WorkState.FAILED
    assert mail.work_failure == "Restored from a backup; not sent."
    assert not Email.objects.exclude(key="waits").exclude(work_state=WorkState.DONE).exists()


def test_all_sessions_end_and_no_host_is_known(backed_up, folder, wipe, capsys):
    assert Session.objects.exists()
    Host.heard_from()
    call_command("backup", str(folder))
    wipe()
    restore(folder, capsys)
    assert not Session.objects.exists()
    assert not Host.objects.exists()


def test_a_worker_from_before_the_restore_writes_nothing(case, folder, capsys):
    file = lab_files.arrive(case)
    claimed = Attachment.objects.claim(file.pk)
    call_command("backup", str(folder))
    restore(folder, capsys, force=True)
    assert not claimed.finish(state=Attachment.State.STORED)
    assert Attachment.objects.claim(file.pk)


def test_a_database_that_is_not_empty_is_not_replaced_unless_forced(
    backed_up, folder, wipe, make_practice, capsys
):
    wipe()
    make_practice("Kept Dental")
    with pytest.raises(CommandError, match="The database is not empty, so nothing was touched"):
        restore(folder, capsys)
    assert Practice.objects.get().name == "Kept Dental"
    assert not list(default_storage.objects())
    restore(folder, capsys, force=True)
    assert Practice.objects.get().name == "Harbor Dental"


def test_objects_that_the_backup_lacks_stay_and_are_reported(backed_up, folder, wipe, capsys):
    wipe()
    default_storage.write("attachments/newer-ab", b"newer than the backup")
    with pytest.raises(CommandError, match="The storage is not empty"):
        restore(folder, capsys)
    assert "1 objects without a row" in restore(folder, capsys, force=True)
    assert default_storage.stored_size("attachments/newer-ab") == 21


def test_an_object_with_other_bytes_is_replaced(backed_up, folder, capsys):
    file = Attachment.objects.get(state="stored")
    default_storage.write(file.key, os.urandom(file.size))
    restore(folder, capsys, force=True)
    verify()


@on_disk
def test_the_backup_stays_apart_from_what_was_restored(backed_up, folder, wipe, capsys):
    wipe()
    restore(folder, capsys)
    file = Attachment.objects.get(state="stored")
    with open(default_storage.path(file.key), "r+b") as damaged:
        damaged.write(b"damaged")
    restore(folder, capsys, force=True)
    verify()


def test_a_file_that_is_not_in_the_backup_fails_with_a_sentence(case, folder, wipe, capsys):
    gone, elsewhere = lab_files.store(case), lab_files.arrive(case, b"x", host="elsewhere")
    default_storage.delete(gone.key)
    elsewhere.staging_path.unlink()
    with pytest.raises(CommandError, match="1 are missing in the storage, 1 still wait"):
        call_command("backup", str(folder), wait=0)
    wipe()
    assert "2 files missing" in restore(folder, capsys)
    for file in (gone, elsewhere):
        file.refresh_from_db()
        assert (file.state, file.work_state) == ("failed", WorkState.FAILED)
        assert "Please upload it again" in file.work_failure
    verify()


def test_an_rx_script_that_is_not_in_the_backup_is_made_anew(send_case, folder, wipe, capsys):
    script = send_case().prescriptions.get()
    default_storage.delete(script.file.name)
    with pytest.raises(CommandError, match="1 are missing"):
        call_command("backup", str(folder))
    wipe()
    assert "1 RX scripts to be made anew" in restore(folder, capsys)
    render_prescription(script.pk)
    assert Prescription.objects.get().work_state == WorkState.DONE
    verify()


def flip(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("database-*", r"The backup is damaged: database-\w+\.\w+ is not"),
        ("files-*", r"The backup is damaged: files-\w+\.jsonl is not"),
        ("objects/attachments/*", "The backup is damaged: objects/attachments/"),
        ("staging/*", "The backup is damaged: staging/"),
        ("manifest.json", r"The backup is damaged: manifest\.json is not"),
    ],
)
def test_one_flipped_bit_is_noticed_and_nothing_is_touched(
    backed_up, folder, wipe, capsys, pattern, says
):
    flip(next(folder.glob(pattern)))
    wipe()
    with pytest.raises(CommandError, match=says):
        restore(folder, capsys, force=True)
    assert not User.objects.exists()
    assert not list(default_storage.objects())


def test_a_missing_file_is_noticed(backed_up, folder, wipe, capsys):
    next(folder.glob("objects/attachments/*")).unlink()
    wipe()
    with pytest.raises(CommandError, match=r"not whole: objects/attachments/.* is missing"):
        restore(folder, capsys)


def test_a_folder_without_a_backup_is_refused(db, tmp_path, capsys):
    with pytest.raises(CommandError, match="holds no whole backup"):
        restore(tmp_path, capsys)


def rewritten(folder, **changes):
    """A manifest with other values and a right checksum, as another release would write it."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    del manifest["checksum"]
    manifest["checksum"] = _checksum(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "has format 2, and this release reads format 1"),
        ({"migrations": ["cases.0999_teeth_of_horses"]}, "made by a newer release: .*0999_teeth"),
        ({"vendor": "oracle"}, "is of a oracle database, and DATABASE_URL names"),
    ],
)
def test_a_backup_of_something_else_is_refused(backed_up, folder, capsys, changes, says):
    rewritten(folder, **changes)
    with pytest.raises(CommandError, match=says):
        restore(folder, capsys, force=True)
    assert Case.objects.exists()


def test_a_database_that_cannot_be_put_back_is_as_it_was(backed_up, folder, capsys):
    # The dump itself is bad, and so was its digest when the backup was taken.
    manifest = json.loads((folder / "manifest.json").read_text())
    path = manifest["database"]["path"]
    with (folder / path).open("r+b") as dump:
        dump.truncate(dump.seek(0, os.SEEK_END) // 2)
    rewritten(folder, database=vars(Backup(folder).measured(path)))
    with pytest.raises(CommandError, match=r"could not put the database back .* as it was before"):
        restore(folder, capsys, force=True)
    assert Case.objects.get() == backed_up


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only")
def test_tables_of_a_newer_release_do_not_stay(backed_up, folder, capsys):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE cases_newer (case_id bigint REFERENCES cases_case)")
    restore(folder, capsys, force=True)
    assert "cases_newer" not in connection.introspection.table_names()
    assert Case.objects.filter(created_at__lt=timezone.now()).exists()
