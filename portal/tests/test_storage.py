"""Bytes in a folder or a bucket: stored whole, and given out as downloads only."""

import hashlib
import os
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.utils import timezone

from portal.files import staging
from portal.files.storage import StorageUnavailable
from portal.periodic import abort_old_uploads

pytestmark = pytest.mark.embedded

on_disk = pytest.mark.embedded(only=True)
MEMORY_DISK = Path("/dev") / "shm"
KEY = "attachments/ab/0123"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "staged"
    path.write_bytes(os.urandom(3000))
    return path


def path_of(key):
    return Path(default_storage.path(key))


@on_disk
def test_a_file_moves_on_the_same_disk_without_being_copied(file):
    inode = file.stat().st_ino
    default_storage.store(file, KEY)
    assert path_of(KEY).stat().st_ino == inode
    assert [path.name for path in path_of(KEY).parent.iterdir()] == ["0123"]
    assert path_of(KEY).stat().st_mode & 0o777 == 0o600
    for folder in (path_of(KEY).parent, Path(default_storage.location)):
        assert folder.stat().st_mode & 0o777 == 0o700


@on_disk
def test_a_folder_that_is_gone_is_a_storage_that_is_away(file):
    Path(default_storage.location).write_text("not a folder")
    with pytest.raises(StorageUnavailable):
        default_storage.store(file, KEY)


@on_disk
def test_a_file_from_another_disk_is_copied_whole(file):
    if MEMORY_DISK.stat().st_dev == file.stat().st_dev:
        pytest.skip("This machine has one disk only.")
    body = file.read_bytes()
    elsewhere = MEMORY_DISK / f"{os.getpid()}-staged"
    elsewhere.write_bytes(body)
    try:
        default_storage.store(elsewhere, KEY)
    finally:
        elsewhere.unlink()
    assert path_of(KEY).read_bytes() == body
    assert [path.name for path in path_of(KEY).parent.iterdir()] == ["0123"]


def test_storing_again_replaces_what_an_earlier_try_left(file, stored):
    stored(KEY).write_bytes(b"half")
    default_storage.store(file, KEY)
    assert default_storage.stored_size(KEY) == 3000


def test_digests_of_file_and_object_agree(file):
    expected = hashlib.sha256(file.read_bytes()).hexdigest()
    assert staging.digest(file) == expected
    default_storage.store(file, KEY)
    assert default_storage.stored_digest(KEY) == expected


def test_an_object_is_written_again_over_what_an_earlier_try_left(stored):
    default_storage.write(KEY, b"half")
    default_storage.write(KEY, b"whole")
    assert stored(KEY).read_bytes() == b"whole"
    assert [(key, size) for key, size, _ in default_storage.objects()] == [(KEY, 5)]


def test_what_is_not_there_has_no_size_and_can_be_deleted(stored):
    assert default_storage.stored_size(KEY) is None
    default_storage.delete(KEY)


@on_disk
def test_a_key_outside_the_storage_is_refused(file):
    with pytest.raises(SuspiciousFileOperation, match="outside of the base path"):
        default_storage.store(file, "../../outside")


@on_disk
@pytest.mark.django_db  # closing the response looks after the connection
def test_a_download_is_never_shown_inside_the_portal(file):
    body = file.read_bytes()
    default_storage.store(file, KEY)
    response = default_storage.download(KEY, "Grüße <b>.html")
    assert b"".join(response.streaming_content) == body
    response.close()
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    assert "Gr%C3%BC%C3%9Fe" in response["Content-Disposition"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Length"] == "3000"


@on_disk
def test_a_folder_has_no_uploads_to_abort():
    assert default_storage.abort_old_uploads(timezone.now()) == 0


@on_disk
def test_an_object_that_is_gone_says_so():
    with pytest.raises(FileNotFoundError):
        default_storage.download(KEY, "a.stl")
    assert not default_storage.exists(KEY)


@pytest.mark.django_db
def test_a_bucket_that_is_away_makes_the_portal_not_ready(client, storage_away):
    with storage_away():
        answer = client.get("/readyz")
        abort_old_uploads()  # another time
    assert answer.status_code == 503
    assert answer.json()["storage"] is False
