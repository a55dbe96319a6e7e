"""Uploads before two hosts that share a database and nothing else, as tus programs meet them."""

import hashlib
import os
import uuid
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from cases import periodic
from cases.files import receiving
from cases.files.tus import Refused
from cases.models import Attachment
from cases.tests.tus_program import BYTES, checksum, offset_of
from portal.models import Host

pytestmark = pytest.mark.django_db(transaction=True)

SCAN = os.urandom(1000)


@pytest.fixture
def at(settings, tmp_path):
    """A function after which requests reach the host of this name, with a folder of its own."""

    def go_to(name):
        settings.STAGING_HOST = name
        settings.STAGING_DIR = tmp_path / name

    return go_to


@pytest.fixture
def begun_at_web1(at, program):
    """The address of an upload whose first 600 bytes web1 has, at web2."""
    at("web1")
    Host.heard_from()
    location = program.create(1000).headers["Location"]
    program.append(location, 0, SCAN[:600])
    at("web2")
    Host.heard_from()
    return location


@pytest.fixture
def an_hour_later():
    """A function after which nothing has been heard of a host for an hour."""

    def silence(name):
        Host.objects.filter(name=name).update(heard_at=timezone.now() - timedelta(hours=1))

    return silence


def only_file():
    return Attachment.objects.get()


def kept_list(program, file):
    return program.get(f"/files/?form={file.form_key}").text


def assert_stored_whole(stored):
    file = only_file()
    assert (file.state, file.sha256) == ("stored", hashlib.sha256(SCAN).hexdigest())
    assert stored(file.key).read_bytes() == SCAN


def test_the_host_of_the_first_bytes_keeps_an_upload(at, program):
    at("web1")
    location = program.create(1000).headers["Location"]
    assert only_file().host == ""
    at("web2")
    assert offset_of(program, location) == 0
    assert only_file().host == "", "asking takes nothing"
    program.append(location, 0, SCAN[:10])
    assert only_file().host == "web2"


def test_of_two_hosts_that_get_the_first_bytes_at_once_one_keeps_the_upload(at, program):
    at("web1")
    program.create(1000)
    seen_by_web2 = only_file()
    with receiving._held(only_file()):
        pass
    at("web2")
    with pytest.raises(Refused) as refusal, receiving._held(seen_by_web2):
        pass
    assert refusal.value.status == 503
    assert only_file().host == "web1"


def test_a_file_that_comes_with_its_announcement_is_of_the_host_that_took_it(at, program, stored):
    at("web2")
    answer = program.create(1000, body=SCAN, headers=BYTES)
    assert only_file().host == "web2"
    at("web1")
    assert offset_of(program, answer.headers["Location"]) == 1000
    assert_stored_whole(stored)


def test_an_announcement_that_was_refused_can_be_repeated_at_another_host(at, program, stored):
    key = uuid.uuid4().hex
    at("web1")
    Host.heard_from()
    broken = BYTES | checksum(b"other")
    assert program.create(1000, key=key, body=SCAN, headers=broken).status_code == 460
    at("web2")
    answer = program.create(1000, key=key, body=SCAN, headers=BYTES)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "0")
    assert program.append(answer.headers["Location"], 0, SCAN).status_code == 204
    assert_stored_whole(stored)


@pytest.mark.parametrize("method", ["HEAD", "PATCH"])
def test_an_upload_waits_while_its_host_is_away_for_a_moment(at, program, begun_at_web1, method):
    headers = BYTES | {"Upload-Offset": "600"}
    answer = program.request(method, begun_at_web1, data=SCAN[600:], headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert method == "HEAD" or "Nothing is lost" in answer.text
    at("web1")
    assert offset_of(program, begun_at_web1) == 600
    assert program.append(begun_at_web1, 600, SCAN[600:]).status_code == 204


def test_an_upload_is_taken_over_from_a_host_that_stays_away(
    at, program, begun_at_web1, an_hour_later, stored
):
    an_hour_later("web1")
    before = only_file()
    answer = program.head(begun_at_web1)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (200, "0")
    assert answer.headers["Upload-Taken-Over"] == "1"
    assert "Upload-Taken-Over" not in program.head(begun_at_web1).headers
    assert program.append(begun_at_web1, 0, SCAN).status_code == 204
    assert_stored_whole(stored)
    file = only_file()
    assert (file.pk, file.form_key) == (before.pk, before.form_key)
    assert kept_list(program, file).count("<li") == 1


def test_a_host_that_is_not_known_any_more_counts_as_away(at, program, begun_at_web1):
    Host.objects.filter(name="web1").delete()
    assert offset_of(program, begun_at_web1) == 0


def test_a_file_of_a_sent_case_stays_with_it_when_it_begins_again(
    at, program, begun_at_web1, an_hour_later, case, stored
):
    Attachment.objects.update(case=case)
    an_hour_later("web1")
    assert offset_of(program, begun_at_web1) == 0
    program.append(begun_at_web1, 0, SCAN)
    assert list(case.attachments.all()) == [only_file()]
    assert_stored_whole(stored)


def test_an_upload_that_nobody_leads_to_its_host_is_taken_over_after_a_while(
    at, program, begun_at_web1
):
    """web1 took it in for web2, which is back and gets all its requests."""
    assert program.head(begun_at_web1).status_code == 503
    earlier = timezone.now() - Host.SILENT_AFTER - timedelta(seconds=1)
    latest = timezone.now() - timedelta(seconds=15)
    cache.set(f"missed-{only_file().pk.hex}", (earlier, latest))
    assert program.head(begun_at_web1).headers["Upload-Offset"] == "0"
    assert only_file().host == "web2"


def test_a_host_that_was_missed_long_ago_is_waited_for_anew(at, program, begun_at_web1):
    long_ago = timezone.now() - timedelta(hours=1)
    cache.set(f"missed-{only_file().pk.hex}", (long_ago, long_ago))
    assert program.head(begun_at_web1).status_code == 503


def test_the_last_byte_at_a_host_that_lost_the_upload_completes_nothing(
    at, program, begun_at_web1, an_hour_later
):
    an_hour_later("web1")
    at("web1")
    with receiving._held(only_file()) as (receiver, file):
        late = only_file()
        at("web2")
        assert offset_of(program, begun_at_web1) == 0
        at("web1")
        receiver.write(SCAN[600:])
        receiver.flush()
        with pytest.raises(Refused) as refusal:
            receiving._complete(late, file)
    assert refusal.value.status == 503
    assert (only_file().state, only_file().host) == ("uploading", "web2")


def test_an_upload_that_comes_back_goes_on_with_the_part_that_is_there(
    at, program, begun_at_web1, an_hour_later, stored
):
    an_hour_later("web1")
    offset_of(program, begun_at_web1)
    program.append(begun_at_web1, 0, SCAN[:10])
    an_hour_later("web2")
    at("web1")
    headers = program.head(begun_at_web1).headers
    assert headers["Upload-Offset"] == "600"
    assert "Upload-Taken-Over" not in headers, "nothing is sent again"
    program.append(begun_at_web1, 600, SCAN[600:])
    assert_stored_whole(stored)


def test_another_host_tells_no_share_of_what_it_does_not_have(at, program, begun_at_web1):
    elsewhere = kept_list(program, only_file())
    assert "Unfinished. Choose the same file again" in elsewhere
    assert "%" not in elsewhere
    at("web1")
    assert "Unfinished, 60 % has arrived" in kept_list(program, only_file())


def test_a_file_that_is_removed_at_another_host_goes_where_its_bytes_are(
    at, program, begun_at_web1, work_at_once, settings, broker
):
    work_at_once.conf.task_always_eager = False
    file = only_file()
    assert program.delete(begun_at_web1).status_code == 204
    assert "<li" not in kept_list(program, file)
    assert program.head(begun_at_web1).status_code == 404
    at("web1")
    assert file.staging_path.exists()
    work_at_once.conf.task_always_eager = True
    periodic.tidy_staging()
    assert list(settings.STAGING_DIR.iterdir()) == []
    assert not Attachment.objects.exists()


def test_the_part_that_stayed_behind_goes_once_the_file_is_stored(
    at, program, begun_at_web1, an_hour_later, settings
):
    an_hour_later("web1")
    offset_of(program, begun_at_web1)
    program.append(begun_at_web1, 0, SCAN)
    at("web1")
    assert len(list(settings.STAGING_DIR.iterdir())) == 2
    periodic.tidy_staging()
    assert list(settings.STAGING_DIR.iterdir()) == []


def test_no_worker_touches_what_lies_on_another_host(at, program, begun_at_web1, settings):
    Attachment.objects.update(state="received")
    periodic.tidy_staging()
    assert not Attachment.objects.on_this_host().exists()
    assert only_file().work_queue == "staging.web1"
