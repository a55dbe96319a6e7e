"""A backup is whole or it is none, and it has what the portal said it has."""

import io
import json
import os
from threading import Thread

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cases.backup import database, taking
from cases.models import Attachment, Case, Prescription
from cases.tasks import store_attachment
from cases.tests import lab_files
from portal.progress_bar import ProgressBar

# A snapshot begins a transaction of its own.
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.django_db(transaction=True),
    # Some restore what they have backed up.
    pytest.mark.usefixtures("log_can_be_emptied"),
]

on_disk = pytest.mark.embedded(only=True)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "backup"


@pytest.fixture
def take(folder, capsys):
    """A function that takes a backup and returns its manifest and its lines by row id."""

    def take(**options):
        call_command("backup", str(folder), **options)
        return read(folder)

    return take


def read(folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    lines = (folder / manifest["files"]["path"]).read_text().splitlines()
    return manifest, {line["id"]: line for line in map(json.loads, lines)}


def paths(folder):
    return {
        str(path.relative_to(folder)): path.stat().st_ino
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_backup_has_the_database_and_every_file(send_case, take, folder, capsys):
    case = send_case()
    stored, arrived = lab_files.store(case), lab_files.arrive(case, b"x" * 99)
    manifest, lines = take()
    assert manifest["counts"]["cases"] == 1
    assert manifest["counts"]["files"] == 3
    assert (folder / "objects" / stored.key).read_bytes() == lab_files.BODY
    assert (folder / "staging" / arrived.pk.hex).read_bytes() == b"x" * 99
    assert lines[str(stored.pk)]["sha256"] == stored.sha256
    script = case.prescriptions.get()
    assert (folder / "objects" / script.file.name).read_bytes().startswith(b"%PDF")
    assert (folder / manifest["database"]["path"]).stat().st_size > 10_000
    assert "Backed up 1 cases and 3 files" in capsys.readouterr().out


def test_only_its_owner_can_read_a_backup(case, take, folder):
    lab_files.store(case)
    take()
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0 or path.name == "lock", path


def test_a_second_backup_copies_only_what_is_new(case, take, folder):
    first = lab_files.store(case)
    take()
    before = paths(folder)
    second = lab_files.store(case, os.urandom(100))
    manifest, _ = take()
    after = paths(folder)
    key = f"objects/{first.key}"
    assert after[key] == before[key]
    assert f"objects/{second.key}" in after
    assert sum(name.startswith("database-") for name in after) == 1
    assert manifest["counts"]["files"] == 2


def test_a_copy_that_went_bad_is_copied_again(case, take, folder):
    file = lab_files.store(case)
    take()
    copy = folder / "objects" / file.key
    copy.write_bytes(os.urandom(len(lab_files.BODY)))
    take()
    assert copy.read_bytes() == lab_files.BODY


def test_a_quick_backup_looks_at_sizes_of_old_copies_only(case, take, folder):
    file, shorter = lab_files.store(case), lab_files.store(case, b"x" * 99)
    take(quick=True)
    for name, body in ((file.key, os.urandom(5000)), (shorter.key, b"x")):
        (folder / "objects" / name).write_bytes(body)
    lab_files.store(case, b"new")
    manifest, _ = take(quick=True)
    assert manifest["counts"]["files"] == 3
    assert (folder / "objects" / shorter.key).read_bytes() == b"x" * 99
    assert (folder / "objects" / file.key).read_bytes() != lab_files.BODY
    take()
    assert (folder / "objects" / file.key).read_bytes() == lab_files.BODY


def test_what_its_owner_removed_leaves_the_next_backup(case, take, folder):
    file = lab_files.store(case)
    take()
    default_storage.delete(file.key)
    file.delete()
    manifest, _ = take()
    assert manifest["counts"]["files"] == 0
    assert not (folder / "objects").exists()


class Interrupted(Exception):
    pass


class Stops(ProgressBar):
    """Somebody presses Ctrl-C once a file was copied, or does something meanwhile."""

    def __init__(self, meanwhile):
        super().__init__(io.StringIO(), "")
        self.meanwhile = meanwhile

    def step(self, size=0):
        self.meanwhile()


def press_ctrl_c():
    raise Interrupted


def test_a_backup_that_broke_off_leaves_the_one_before_whole(case, take, folder):
    lab_files.store(case)
    manifest, _ = take()
    lab_files.store(case, b"new")
    with pytest.raises(Interrupted):
        taking.take(folder, timezone.now(), Stops(press_ctrl_c))
    assert read(folder)[0] == manifest
    call_command("restore", str(folder), force=True)
    assert Attachment.objects.count() == 1


def test_a_first_backup_that_broke_off_is_none(case, folder):
    lab_files.store(case)
    with pytest.raises(Interrupted):
        taking.take(folder, timezone.now(), Stops(press_ctrl_c))
    with pytest.raises(CommandError, match=r"holds no whole backup: manifest\.json is missing"):
        call_command("restore", str(folder), force=True)


def test_what_happens_while_the_files_are_copied_is_not_in_the_backup(case, send_case, folder):
    lab_files.store(case)
    late = []

    def send_another():
        late.append(late or send_case())

    manifest = taking.take(folder, timezone.now(), Stops(send_another))
    assert manifest["counts"]["cases"] == 1
    assert Case.objects.count() == 2
    call_command("restore", str(folder), force=True)
    assert Case.objects.get() == case


def test_the_dump_and_the_rows_beside_it_are_of_one_moment(case, make_case, folder):
    folder.mkdir()
    with database.moment() as write_dump:
        in_another_connection(lambda: make_case())
        write_dump(folder / "database")
        assert Case.objects.count() == 1
    assert Case.objects.count() == 2
    database.load(folder / "database", [])
    assert Case.objects.get() == case


def in_another_connection(act):
    def run():
        act()
        connection.close()

    thread = Thread(target=run)
    thread.start()
    thread.join()


def test_a_file_that_is_removed_meanwhile_is_noted_and_no_error(case, folder):
    files = [lab_files.store(case, os.urandom(9)) for _ in range(2)]

    def remove_the_others():
        for file in Attachment.objects.order_by("pk")[1:]:
            default_storage.delete(file.key)
            file.delete()

    manifest = taking.take(folder, timezone.now(), Stops(remove_the_others))
    assert manifest["counts"]["removed"] == 1
    assert manifest["counts"]["files"] == len(files) - 1


def test_a_file_that_is_stored_meanwhile_comes_from_the_storage(case, folder):
    files = [lab_files.arrive(case, os.urandom(9)) for _ in range(2)]

    def store_all():
        for file in files:
            store_attachment(file.pk)

    manifest = taking.take(folder, timezone.now(), Stops(store_all))
    assert manifest["counts"]["files"] == 2
    assert len(list((folder / "staging").iterdir())) == 2


def test_a_file_on_another_host_is_said_to_be_out_of_reach(case, take, folder, capsys):
    file = lab_files.arrive(case, host="elsewhere")
    with pytest.raises(CommandError, match="1 still wait on another host") as refusal:
        take(wait=0)
    assert refusal.value.returncode == 2
    manifest, lines = read(folder)
    assert manifest["counts"]["out_of_reach"] == 1
    assert lines[str(file.pk)]["missing"] == "out_of_reach"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda key: default_storage.delete(key), "1 are missing in the storage"),
        (lambda key: default_storage.write(key, os.urandom(5000)), "1 have other bytes"),
    ],
    ids=["gone", "damaged"],
)
def test_an_object_that_is_not_what_was_received_is_said_to_be_so(case, take, damage, says):
    damage(lab_files.store(case).key)
    with pytest.raises(CommandError, match=says):
        take()


def test_files_that_failed_long_ago_are_no_news(case, take):
    lab_files.arrive(case, state="failed", work_state="failed").staging_path.unlink()
    manifest, _ = take()
    assert manifest["counts"]["failed"] == 1


def test_a_folder_with_other_things_is_left_alone(case, take, folder):
    folder.mkdir()
    (folder / "thesis.doc").write_text("mine")
    with pytest.raises(CommandError, match="holds other things than a backup"):
        take()
    assert [path.name for path in folder.iterdir()] == ["thesis.doc"]


def test_two_backups_into_one_folder_do_not_run_at_once(case, take, folder):
    with taking.Backup(folder).being_made(), pytest.raises(CommandError, match="is running"):
        take()


@on_disk
def test_a_storage_that_is_away_stops_the_backup_with_a_sentence(case, take, tmp_path):
    lab_files.store(case)
    take()
    (tmp_path / "storage").rename(tmp_path / "away")
    (tmp_path / "storage").write_text("no folder")
    lab_files.arrive(case)
    Prescription.objects.create(
        case=case, revision=1, snapshot={}, file="prescriptions/1-ab", work_state="done"
    )
    with pytest.raises(CommandError, match=r"broke off: The storage .* start again"):
        take()
