"""Files in a real S3 server, with the settings of production."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.conf import settings as portal
from django.core.files.storage import default_storage
from django.utils import timezone

from drills.servers.services import S3
from portal.files import s3
from portal.files.storage import StorageUnavailable
from portal.management.commands import doctor
from portal.periodic import abort_old_uploads
from portal.tests import hanging
from tests.waiting import until

pytestmark = pytest.mark.xdist_group("s3")
MIB = 1024**2
KEY = "attachments/0123"
LARGE = 200 * MIB


@pytest.fixture(scope="session")
def server():
    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="s3-") as folder, S3(Path(folder)) as server:
        yield server


@pytest.fixture
def bucket(server, settings, monkeypatch):
    """The storage is a bucket, set up as production is; what is in it goes with the test."""
    made = hanging.production_settings(monkeypatch, **server.environment)
    settings.STORAGES = {**settings.STORAGES, "default": made["STORAGES"]["default"]}
    bucket = default_storage.bucket
    yield bucket
    bucket.objects.all().delete()


@pytest.fixture
def without(bucket, settings):
    """A function that takes a setting of the bucket away, or gives it another value."""

    def change(**options):
        default = settings.STORAGES["default"]
        changed = {**default, "OPTIONS": {**default["OPTIONS"], **options}}
        settings.STORAGES = {**settings.STORAGES, "default": changed}

    return change


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(3000))
    return path


def link(name="a.stl"):
    return default_storage.download(KEY, name)["Location"]


def asked_by(address):
    """What the query of a link says, by name."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


# Links


def test_a_link_gives_the_bytes_as_a_download_and_nothing_a_browser_shows(bucket, file):
    default_storage.store(file, KEY)
    answer = requests.get(link("Grüße <b>.html"), timeout=10)
    assert answer.content == file.read_bytes()
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "Gr%C3%BC%C3%9Fe" in answer.headers["Content-Disposition"]


def test_a_link_is_signed_by_version_4_for_a_minute(bucket):
    asked = asked_by(link())
    assert asked["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert asked["X-Amz-Expires"] == "60"
    assert "AWSAccessKeyId" not in asked


def test_a_link_that_is_too_old_is_refused(bucket, file, monkeypatch):
    default_storage.store(file, KEY)
    monkeypatch.setattr(s3, "LINK_SECONDS", 1)
    address = link()
    until(lambda: requests.get(address, timeout=10).status_code == 403)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda address: address.replace("0123?", "0124?"),
        lambda address: address.replace("X-Amz-Expires=60", "X-Amz-Expires=6000"),
        lambda address: address.replace("octet-stream", "html"),
        lambda address: address.partition("?")[0],
    ],
    ids=["another object", "longer", "to be shown", "unsigned"],
)
def test_a_link_that_was_changed_is_refused(bucket, file, spoil):
    default_storage.store(file, KEY)
    address = link()
    assert spoil(address) != address
    assert requests.get(spoil(address), timeout=10).status_code == 403


# What is stored


def test_a_file_is_stored_encrypted_and_whole_and_reads_back(bucket, file):
    default_storage.store(file, KEY)
    about = bucket.Object(KEY).get()
    assert about["ServerSideEncryption"] == "AES256"
    assert about["ContentType"] == "application/octet-stream"
    assert about["Body"].read() == file.read_bytes()
    assert default_storage.stored_size(KEY) == 3000
    assert default_storage.stored_digest(KEY) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_script_is_stored_encrypted_too_and_replaced(bucket):
    default_storage.write(KEY, b"half")
    default_storage.write(KEY, b"whole")
    about = bucket.Object(KEY).get()
    assert about["ServerSideEncryption"] == "AES256"
    assert about["Body"].read() == b"whole"
    assert [(key, size) for key, size, _ in default_storage.objects()] == [(KEY, 5)]


@pytest.mark.parametrize(("size", "parts"), [(s3.PART - 1, 1), (s3.PART + 1, 2)])
def test_a_large_file_goes_up_in_parts_and_tells_how_it_gets_on(bucket, tmp_path, size, parts):
    path = tmp_path / "file"
    path.write_bytes(os.urandom(size))
    calls = []
    default_storage.store(path, KEY, lambda: calls.append(1))
    assert calls
    # The mark of an object that came in parts ends with their number.
    mark = bucket.Object(KEY).e_tag.strip('"')
    assert mark.partition("-")[2] == (str(parts) if parts > 1 else "")
    assert default_storage.stored_digest(KEY) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_not_there_has_no_size_and_can_be_deleted(bucket):
    assert default_storage.stored_size(KEY) is None
    default_storage.delete(KEY)
    with pytest.raises(FileNotFoundError):
        default_storage.stored_digest(KEY)


def test_a_wrong_secret_is_a_refusal_and_no_outage(without):
    without(secret_key="wrong")
    with pytest.raises(OSError, match="403") as refusal:
        default_storage.write(KEY, b"body")
    assert not isinstance(refusal.value, StorageUnavailable)


# Strangers, and uploads that broke off


@pytest.mark.parametrize(
    ("action", "resource"), [("s3:GetObject", "/*"), ("s3:ListBucket", "")], ids=["read", "list"]
)
def test_a_bucket_that_lets_strangers_in_is_wrong(bucket, action, resource):
    assert doctor.stored_and_read_back() == "written, read back, deleted"
    anybody = {"Effect": "Allow", "Principal": "*", "Action": action}
    anybody["Resource"] = f"arn:aws:s3:::{bucket.name}{resource}"
    policy = {"Version": "2012-10-17", "Statement": [anybody]}
    bucket.Policy().put(Policy=json.dumps(policy))
    with pytest.raises(doctor.Wrong, match="lets strangers in"):
        doctor.stored_and_read_back()
    bucket.Policy().delete()
    assert list(default_storage.objects()) == []


def test_only_uploads_older_than_a_day_are_aborted(bucket):
    bucket.Object(KEY).initiate_multipart_upload()
    now = timezone.now()
    abort_old_uploads()
    assert default_storage.abort_old_uploads(now + timedelta(hours=23)) == 0
    assert default_storage.abort_old_uploads(now + timedelta(hours=25)) == 1
    assert list(bucket.multipart_uploads.all()) == []


# Memory, measured in a process of its own

MEASURE = """
import sys
from pathlib import Path
import django
from django.conf import settings
options = settings.STORAGES["default"]["OPTIONS"]
options["max_memory_size"] = int(sys.argv[3] or options["max_memory_size"])
django.setup()
from django.core.files.storage import default_storage

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024

def spool():
    with default_storage.open("large") as stored:
        return sum(map(len, stored.chunks()))

acts = {
    "store": lambda: default_storage.store(sys.argv[2], "large"),
    "read back": lambda: default_storage.stored_digest("large"),
    "spool": spool,
}
# What the libraries need for themselves comes first and counts for nothing.
default_storage.write("small", b"body")
default_storage.store("manage.py", "small")
default_storage.stored_digest("small")
before = peak()
acts[sys.argv[1]]()
print(peak() - before)
"""


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """200 MiB that take no room on the disk."""
    path = tmp_path_factory.mktemp("large") / "file"
    with path.open("wb") as file:
        file.truncate(LARGE)
    return path


@pytest.fixture
def growth(server, bucket, large, tmp_path):
    """A function that says by how many bytes a process grows while it does something."""

    def measure(act, max_memory_size=""):
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, act, str(large), str(max_memory_size)],
            cwd=portal.BASE_DIR,
            env={**os.environ, **server.environment, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout)

    return measure


@pytest.mark.proof
def test_a_large_file_is_stored_and_read_back_without_being_in_memory(growth):
    assert growth("store") < 60 * MIB
    assert default_storage.size("large") == LARGE
    assert growth("read back") < 60 * MIB
    # Ten parts of 8 MiB at a time, by the library.
    assert growth("spool") < 100 * MIB
    # The trap: with the library's own value the whole object is spooled in memory.
    assert growth("spool", max_memory_size=0) > 150 * MIB
