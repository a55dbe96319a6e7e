"""Bytes that arrive in pieces, and the digests that vouch for what was sent."""

import hashlib
import os
from contextlib import closing, contextmanager

import pytest

from portal.files import staging
from portal.files.staging import STRETCH

pytestmark = pytest.mark.embedded

BODY = os.urandom(STRETCH + 1000)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "0123"


@contextmanager
def receiving(path):
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        with closing(staging.Receiver(path, file)) as receiver:
            yield receiver
    finally:
        os.close(file)


def send(path, *pieces):
    """Each piece by a request of its own, as after a line that broke off."""
    for piece in pieces:
        with receiving(path) as receiver:
            receiver.write(piece)
            receiver.flush()


def turn_a_byte(path, at):
    body = bytearray(path.read_bytes())
    body[at] ^= 1
    path.write_bytes(body)


def test_pieces_make_a_whole_with_the_digest_of_what_was_sent(path):
    send(path, BODY[:10], BODY[10:3000], BODY[3000:])
    assert path.read_bytes() == BODY
    assert staging.received(path) == len(BODY)
    assert staging.digest(path) == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("at", [0, 5000, STRETCH + 500])
def test_a_byte_that_the_disk_changed_is_noticed(path, at):
    send(path, BODY[:4000], BODY[4000:])
    turn_a_byte(path, at)
    with pytest.raises(staging.Damaged):
        staging.digest(path)


def test_bytes_that_the_disk_lost_are_asked_for_again(path):
    send(path, BODY[:4000], BODY[4000:5000])
    os.truncate(path, 4500)
    assert staging.received(path) == 4000
    with receiving(path) as receiver:
        assert receiver.at == 4000
    send(path, BODY[4000:])
    assert staging.digest(path) == hashlib.sha256(BODY).hexdigest()


def test_what_a_process_wrote_just_before_it_died_is_asked_for_again(path):
    send(path, BODY[:4000])
    with open(path, "ab") as file:
        file.write(b"not vouched for")
    assert staging.received(path) == 4000
    send(path, BODY[4000:])
    assert path.read_bytes() == BODY


def test_a_record_that_was_cut_short_does_not_count(path):
    send(path, BODY[:4000], BODY[4000:5000])
    os.truncate(staging.sums_of(path), staging.RECORD.size + 7)
    with receiving(path) as receiver:
        assert receiver.at == 4000
    send(path, BODY[4000:])
    assert staging.digest(path) == hashlib.sha256(BODY).hexdigest()


def test_a_body_with_a_wrong_checksum_leaves_nothing(path):
    send(path, BODY[:4000])
    with receiving(path) as receiver:
        start = receiver.mark()
        receiver.write(os.urandom(2 * STRETCH))
        receiver.back_to(start)
        assert receiver.at == 4000
    send(path, BODY[4000:])
    assert staging.digest(path) == hashlib.sha256(BODY).hexdigest()


def test_a_file_from_before_there_were_digests_goes_on(path):
    path.write_bytes(BODY[:4000])
    assert staging.received(path) == 4000
    send(path, BODY[4000:])
    assert staging.digest(path) == hashlib.sha256(BODY).hexdigest()


def test_a_removed_file_leaves_nothing_and_may_be_gone_already(path):
    send(path, b"x")
    staging.remove(path)
    staging.remove(path)
    assert staging.received(path) == 0
    assert list(path.parent.iterdir()) == []
