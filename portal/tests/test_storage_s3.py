"""What only a bucket does: links that are good for a minute, encryption, files in parts."""

import os
import time
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.storage import default_storage

from portal import storage

pytestmark = pytest.mark.s3
KEY = "attachments/0123-4567"
BODY = os.urandom(3000)


@pytest.fixture
def link():
    """A link to a stored object, as the portal redirects to it."""
    storage.write(KEY, BODY)
    answer = storage.download(KEY, "Grüße <b>.html")
    assert answer["Cache-Control"] == "private, no-store"
    return answer["Location"]


def test_a_link_gives_an_attachment_that_no_browser_shows(link):
    given = requests.get(link, timeout=20)
    assert given.content == BODY
    assert given.headers["Content-Type"] == "application/octet-stream"
    assert given.headers["Content-Disposition"].startswith("attachment;")
    assert "Gr%C3%BC%C3%9Fe" in given.headers["Content-Disposition"]


def test_a_link_is_signed_by_version_4_for_a_minute(link):
    said = parse_qs(urlsplit(link).query)
    assert said["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert said["X-Amz-Expires"] == ["60"]


def test_a_link_that_somebody_changed_is_refused(link):
    assert requests.get(link.replace(KEY, KEY[:-1]), timeout=20).status_code == 403
    assert requests.get(link.split("?")[0], timeout=20).status_code == 403


def test_a_link_that_is_too_old_is_refused(link):
    short = default_storage.url(KEY, expire=1)
    assert requests.get(short, timeout=20).status_code == 200
    time.sleep(2.1)
    assert requests.get(short, timeout=20).status_code == 403


def test_a_file_of_several_parts_is_stored_whole_and_encrypted(tmp_path):
    path = tmp_path / "cbct"
    path.write_bytes(os.urandom(2 * storage.PART + 1000))
    storage.store(path, KEY)
    stored = default_storage.bucket.Object(f"{default_storage.location}/{KEY}")
    assert stored.content_length == path.stat().st_size
    assert stored.server_side_encryption == "AES256"
    assert b"".join(storage.blocks(KEY)) == path.read_bytes()
    assert path.exists()
