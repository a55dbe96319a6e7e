"""What nobody will finish or send goes away, and nothing else."""

import os
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from cases.files import receiving
from cases.files.receiving import NEVER_FINISHED
from cases.models import Attachment, Draft
from cases.periodic import expire_uploads
from portal.files import staging
from portal.models import Host

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def make_file(practice, dentist_user, settings, stored):
    """A function that makes a file in a state, begun and received so long ago."""
    settings.STAGING_DIR.mkdir(parents=True)

    def make(state, age, case=None):
        begun = timezone.now() - age
        file = Attachment.objects.create(
            case=case,
            form_key=uuid.uuid4(),
            practice=practice,
            uploaded_by=dentist_user,
            name="a.stl",
            size=10,
            state=state,
            work_state={"stored": "done", "failed": "failed"}.get(state, "waiting"),
            created_at=begun,
            received_at=None if state == "uploading" else begun,
        )
        if state == "stored":
            stored(file.key).write_bytes(b"x" * 10)
        else:
            file.staging_path.write_bytes(b"x" * 5)
        return file

    return make


@pytest.fixture
def begin(dentist_user):
    """A function that makes the draft of a file's form, renewed so long ago."""

    def make(file, ago):
        at = timezone.now() - ago
        return Draft.objects.create(form_key=file.form_key, user=dentist_user, updated_at=at)

    return make


@pytest.fixture
def expire(db, django_capture_on_commit_callbacks):
    """A function that does what beat asks for, on this host."""
    Host.heard_from()

    def run():
        with django_capture_on_commit_callbacks(execute=True):
            expire_uploads()

    return run


def bytes_of(file, stored):
    return file.staging_path.exists() or stored(file.key).exists()


@pytest.mark.parametrize(
    ("state", "age", "stays"),
    [
        ("uploading", 13.9 * DAY, True),
        ("uploading", 14.1 * DAY, False),
        ("received", 13.9 * DAY, True),
        ("received", 14.1 * DAY, False),
        ("stored", 13.9 * DAY, True),
        ("stored", 14.1 * DAY, False),
        ("failed", 14.1 * DAY, False),
    ],
)
def test_files_without_a_case_wait_only_so_long(make_file, stored, state, age, stays, expire):
    file = make_file(state, age)
    expire()
    assert Attachment.objects.filter(pk=file.pk).exists() == stays
    assert bytes_of(file, stored) == stays


@pytest.mark.parametrize("state", ["received", "stored", "failed"])
def test_files_of_a_case_stay_for_ever(make_file, stored, case, state, expire):
    file = make_file(state, 1000 * DAY, case)
    expire()
    file.refresh_from_db()
    assert file.state == state
    assert bytes_of(file, stored)


def test_an_upload_of_a_case_that_was_never_finished_fails_with_a_reason(
    make_file, case, stored, expire
):
    file = make_file("uploading", 7.1 * DAY, case)
    expire()
    file.refresh_from_db()
    assert (file.state, file.work_failure) == ("failed", NEVER_FINISHED)
    assert not bytes_of(file, stored)


def test_an_upload_whose_last_byte_had_come_is_completed(make_file, stored, expire):
    file = make_file("uploading", 13 * DAY)
    file.staging_path.write_bytes(b"x" * 10)
    expire()
    file.refresh_from_db()
    assert file.state == "stored"


def test_a_removed_file_whose_storage_was_away_goes_now(make_file, stored, expire):
    file = make_file("stored", 0 * DAY)
    Attachment.objects.update(form_key=None)
    expire()
    assert not bytes_of(file, stored)
    assert not Attachment.objects.exists()


def test_a_storage_that_is_away_keeps_the_row_as_a_reminder(make_file, storage_away, expire):
    file = make_file("stored", 15 * DAY)
    with storage_away():
        expire()
    file.refresh_from_db()
    assert file.form_key is None
    expire()
    assert not Attachment.objects.exists()


def test_stray_staging_files_go_after_two_days(make_file, settings, expire):
    kept = make_file("uploading", 3 * DAY).staging_path
    old, young = settings.STAGING_DIR / uuid.uuid4().hex, settings.STAGING_DIR / uuid.uuid4().hex
    foreign = settings.STAGING_DIR / "README"
    for path in (old, young, foreign):
        path.write_bytes(b"x")
    for path in (kept, old, foreign):
        long_ago = (timezone.now() - 3 * DAY).timestamp()
        os.utime(path, (long_ago, long_ago))
    expire()
    assert {path.name for path in settings.STAGING_DIR.iterdir()} == {
        kept.name,
        young.name,
        foreign.name,
    }


def test_the_staging_copy_of_a_stored_file_goes_at_once(make_file, case, expire):
    """A worker may die between its note that the file is stored and the removal of the copy."""
    file = make_file("stored", 0 * DAY, case)
    file.staging_path.write_bytes(b"x" * 10)
    staging.sums_of(file.staging_path).write_bytes(b"x" * 40)
    expire()
    assert list(file.staging_path.parent.iterdir()) == []


@pytest.mark.parametrize("state", ["uploading", "received", "stored"])
def test_files_of_a_kept_form_live_as_long_as_its_text(make_file, begin, stored, state, expire):
    file = make_file(state, 20 * DAY)
    draft = begin(file, ago=13.9 * DAY)
    expire()
    assert bytes_of(file, stored)
    Draft.objects.update(updated_at=timezone.now() - 14.1 * DAY)
    expire()
    expire()
    assert not Attachment.objects.exists()
    assert not bytes_of(file, stored)
    assert not Draft.objects.filter(pk=draft.pk).exists()


def test_text_and_files_live_as_many_days_as_the_operator_says(make_file, begin, settings, expire):
    settings.UNSENT_DAYS = 3
    kept, over = make_file("stored", 9 * DAY), make_file("stored", 9 * DAY)
    young, _ = begin(kept, ago=2.9 * DAY), begin(over, ago=3.1 * DAY)
    expire()
    expire()
    assert list(Attachment.objects.all()) == [kept]
    assert list(Draft.objects.all()) == [young]


def test_a_form_without_files_goes_when_its_time_is_over(dentist_user, expire):
    Draft.objects.create(user=dentist_user, updated_at=timezone.now() - 14.1 * DAY)
    young = Draft.objects.create(user=dentist_user, updated_at=timezone.now() - 13.9 * DAY)
    expire()
    assert list(Draft.objects.all()) == [young]


def test_the_text_of_a_form_stays_until_its_files_are_gone(make_file, begin, expire):
    file = make_file("stored", 15 * DAY)
    draft = begin(file, ago=15 * DAY)
    Attachment.objects.update(host="web2")
    expire()
    assert list(Draft.objects.all()) == [draft]


def test_an_upload_that_goes_on_in_a_kept_form_is_not_over(make_file, begin):
    file = make_file("uploading", 15 * DAY)
    assert receiving.is_expired(file, timezone.now())
    begin(file, ago=1 * DAY)
    assert not receiving.is_expired(file, timezone.now())
    assert receiving.expires_at(file).date() == (timezone.now() + 13 * DAY).date()


def test_the_bytes_of_another_host_are_left_to_its_worker(make_file, stored, expire):
    file = make_file("uploading", 15 * DAY)
    Attachment.objects.update(host="web2")
    expire()
    assert bytes_of(file, stored)


def test_a_removed_file_that_a_worker_is_storing_goes_when_it_is_stored(make_file, stored, expire):
    file = make_file("received", 0 * DAY)
    Attachment.objects.update(form_key=None, work_leased_until=timezone.now() + DAY)
    expire()
    assert bytes_of(file, stored)
    Attachment.objects.update(work_leased_until=None)
    expire()
    assert not bytes_of(file, stored)
    assert not Attachment.objects.exists()
