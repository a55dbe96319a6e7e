"""From the staging folder into the storage: once, whole, or with a reason that people read."""

import hashlib
import os
from contextlib import closing

import pytest
from django.core.files.storage import default_storage

from cases.files import receiving
from cases.models import Attachment
from cases.tasks import store_attachment
from portal.files import staging
from portal.work import MAX_FAILURES, WorkState

pytestmark = pytest.mark.django_db

BODY = os.urandom(5000)


@pytest.fixture
def file(practice, dentist_user, case):
    """A file that has arrived."""
    file = Attachment.objects.create(
        case=case,
        practice=practice,
        uploaded_by=dentist_user,
        name="upper.stl",
        size=len(BODY),
        state=Attachment.State.RECEIVED,
        received_at=case.created_at,
    )
    file.staging_path.parent.mkdir(parents=True)
    file.staging_path.write_bytes(BODY)
    return file


def after(file):
    """The row after the worker looked at it, with any pause between two tries gone by."""
    store_attachment(file.pk)
    Attachment.objects.update(work_leased_until=None)
    file.refresh_from_db()
    return file


def test_a_file_is_stored_with_its_digest_and_leaves_staging(file, stored):
    assert after(file).state == "stored"
    assert file.work_state == WorkState.DONE
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert stored(file.key).read_bytes() == BODY
    assert not file.staging_path.exists()


def test_doing_it_again_changes_nothing(file, stored):
    first = after(file).work_attempts
    assert after(file).work_attempts == first
    assert stored(file.key).read_bytes() == BODY


def test_a_file_that_still_uploads_is_left_alone(file):
    Attachment.objects.update(state="uploading")
    assert after(file).state == "uploading"
    assert file.staging_path.read_bytes() == BODY


def test_a_file_that_was_removed_ends_the_work_quietly(file):
    pk = file.pk
    file.delete()
    assert store_attachment(pk) is None


def test_a_worker_that_died_after_the_move_is_made_good(file, stored):
    Attachment.objects.update(sha256=staging.digest(file.staging_path))
    default_storage.store(file.staging_path, file.key)
    staging.remove(file.staging_path)
    assert after(file).state == "stored"
    assert stored(file.key).read_bytes() == BODY


def test_a_stored_object_with_other_bytes_does_not_count(file, stored):
    Attachment.objects.update(sha256=staging.digest(file.staging_path))
    default_storage.store(file.staging_path, file.key)
    staging.remove(file.staging_path)
    stored(file.key).write_bytes(os.urandom(len(BODY)))
    assert after(file).state == "failed"


@pytest.mark.parametrize(
    "left",
    [None, b"", BODY[:-1], BODY + b"x"],
    ids=["nothing", "an empty file", "a byte less", "a byte more"],
)
def test_lost_bytes_fail_with_a_sentence_to_upload_again(file, left):
    file.staging_path.unlink()
    if left is not None:
        file.staging_path.write_bytes(left)
    assert after(file).state == "failed"
    assert file.work_failure == "The file was damaged at the lab. Please upload it again."


def test_a_storage_that_is_away_is_asked_for_as_long_as_it_takes(file, storage_away):
    with storage_away():
        for _ in range(2 * MAX_FAILURES):
            assert after(file).state == "received"
    assert file.get_work_waits_for_display() == "the file storage"
    assert file.staging_path.read_bytes() == BODY
    assert after(file).state == "stored"
    assert (file.work_failure, file.work_waits_for) == ("", "")


def spoil_each_object(stored, monkeypatch):
    """A storage that turns a byte round on its way in; no server can be made to do so for long."""
    store = default_storage.store

    def spoiling(path, key, *args):
        store(path, key, *args)
        body = bytearray(stored(key).read_bytes())
        body[100] ^= 1
        default_storage.write(key, bytes(body))

    monkeypatch.setattr(default_storage, "store", spoiling)


def test_an_object_that_reads_back_differently_never_counts_as_stored(
    file, stored, monkeypatch, django_capture_on_commit_callbacks
):
    with monkeypatch.context() as spoilt:
        spoil_each_object(stored, spoilt)
        for _ in range(MAX_FAILURES):
            after(file)
    assert (file.state, file.work_state) == ("failed", WorkState.FAILED)
    assert "holds other bytes than it was given" in file.work_failure
    assert file.staging_path.read_bytes() == BODY

    with django_capture_on_commit_callbacks(execute=True):
        assert receiving.store_again(file)
    assert stored(file.key).read_bytes() == BODY
    assert not receiving.store_again(file)


def test_bytes_that_the_disk_changed_since_they_came_are_never_stored(file, stored):
    file.staging_path.unlink()
    handle = os.open(file.staging_path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    with closing(staging.Receiver(file.staging_path, handle)) as receiver:
        receiver.write(BODY)
        receiver.flush()
    os.pwrite(os.open(file.staging_path, os.O_RDWR), b"?", 2000)
    assert after(file).state == "failed"
    assert file.work_failure == "The file was damaged at the lab. Please upload it again."
    assert not stored(file.key).exists()


def test_a_file_whose_work_broke_off_too_often_shows_that_it_failed(file, stored):
    Attachment.objects.update(work_failures=MAX_FAILURES)
    assert after(file).state == "failed"
    assert receiving.store_again(file)


def test_a_worker_that_was_overtaken_stops_and_leaves_the_staging_copy(file):
    overtaken = Attachment.objects.claim(file.pk)
    Attachment.objects.update(work_leased_until=None)
    Attachment.objects.claim(file.pk)
    assert not overtaken.finish(state="stored")
    file.refresh_from_db()
    assert file.state == "received"
    assert file.staging_path.exists()


def test_the_bytes_of_another_host_are_left_to_its_worker(file):
    Attachment.objects.update(host="web2")
    assert after(file).state == "received"
    assert file.work_attempts == 0
    assert file.work_queue == "staging.web2"


def test_the_key_comes_from_the_row_and_tells_nothing_about_the_file(file):
    assert file.key.startswith(f"attachments/{file.pk.hex}-")
    assert "upper" not in file.key
