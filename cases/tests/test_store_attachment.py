"""From the staging folder into the storage: once, whole, or with a reason that people read."""

import hashlib
import os

import pytest
from django.core.files.storage import default_storage

from cases import receiving
from cases.models import Attachment
from cases.tasks import store_attachment
from portal import storage
from portal.work import MAX_ATTEMPTS, WorkState

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


def stop_storage(tmp_path):
    """A file where the storage's folder should be: nothing can be stored."""
    (tmp_path / "storage").write_text("not a folder")


def test_a_file_is_stored_with_its_digest_and_leaves_staging(file, stored):
    assert after(file).state == "stored"
    assert file.work_state == WorkState.DONE
    assert file.sha256 == hashlib.sha256(BODY).hexdigest()
    assert stored(file.key).read_bytes() == BODY
    assert stored(file.key).stat().st_mode & 0o777 == 0o600
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
    Attachment.objects.update(sha256=storage.digest(file.staging_path))
    storage.store(file.staging_path, file.key)
    assert not file.staging_path.exists()
    assert after(file).state == "stored"
    assert stored(file.key).read_bytes() == BODY


def test_a_stored_object_with_other_bytes_does_not_count(file, stored):
    Attachment.objects.update(sha256=storage.digest(file.staging_path))
    storage.store(file.staging_path, file.key)
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


def test_a_storage_that_is_away_is_asked_again(file, tmp_path, stored):
    stop_storage(tmp_path)
    assert after(file).state == "received"
    assert file.work_failure
    (tmp_path / "storage").unlink()
    assert after(file).state == "stored"
    assert file.work_failure == ""


def test_after_the_last_try_the_reason_stays_and_the_bytes_too(
    file, tmp_path, stored, django_capture_on_commit_callbacks
):
    stop_storage(tmp_path)
    for _ in range(MAX_ATTEMPTS):
        after(file)
    assert (file.state, file.work_state) == ("failed", WorkState.FAILED)
    assert "Error" in file.work_failure
    assert file.staging_path.read_bytes() == BODY

    (tmp_path / "storage").unlink()
    with django_capture_on_commit_callbacks(execute=True):
        assert receiving.store_again(file)
    assert stored(file.key).read_bytes() == BODY
    assert not receiving.store_again(file)


def test_a_file_whose_work_broke_off_too_often_shows_that_it_failed(file, stored):
    Attachment.objects.update(work_attempts=MAX_ATTEMPTS)
    assert after(file).state == "failed"
    assert receiving.store_again(file)


def test_the_key_tells_nothing_about_the_file(file):
    assert "upper" not in file.key
    assert default_storage.path(file.key).endswith(file.key)
