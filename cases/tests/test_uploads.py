"""What tus 1.0.0 demands, over real HTTP and with real files."""

import fcntl
import hashlib
import os
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from cases.models import Attachment
from cases.tests.tus_program import BYTES, CSRF, Program, checksum, encoded, offset_of
from tests.corpus.limits import modest
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

STL = bytes(80) + (2).to_bytes(4, "little") + os.urandom(100)


def test_a_file_in_two_parts_is_stored_as_it_was(program, stored):
    location = program.create(len(STL), "upper.stl").headers["Location"]
    assert program.append(location, 0, STL[:50]).headers["Upload-Offset"] == "50"
    answer = program.append(location, 50, STL[50:])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "184")
    file = Attachment.objects.get()
    assert (file.name, file.kind, file.state) == ("upper.stl", "surface_scan", "stored")
    assert file.sha256 == hashlib.sha256(STL).hexdigest()
    assert stored(file.key).read_bytes() == STL
    assert not file.staging_path.exists()


def test_a_small_file_comes_with_its_announcement(program, stored):
    answer = program.create(len(STL), body=STL, headers=BYTES)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "184")
    assert stored(Attachment.objects.get().key).read_bytes() == STL


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"folder": "CD 1/DICOM", "files": "512"}, ("CD 1/DICOM", 512)),
        ({"folder": "../../etc", "files": "0"}, ("etc", 1)),
        ({"files": "-3"}, ("", 1)),
        ({"files": "9" * 15}, ("", 100_000)),
        ({}, ("", 1)),
    ],
)
def test_where_a_file_lay_and_of_how_many_it_was_made_is_kept(program, told, kept):
    assert program.create(len(STL), **told).status_code == 201
    file = Attachment.objects.get()
    assert (file.folder, file.file_count) == kept


def test_an_announcement_whose_answer_was_lost_is_not_made_twice(program, stored):
    key = uuid.uuid4().hex
    first = program.create(len(STL), key=key)
    program.append(first.headers["Location"], 0, STL[:50])
    again = program.create(len(STL), key=key, body=STL, headers=BYTES)
    assert again.status_code == 201
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Upload-Offset"] == "50"
    assert Attachment.objects.count() == 1


def test_two_announcements_at_the_same_moment_are_one(program, dentist_user, live_server):
    key = uuid.uuid4().hex
    programs = [Program(live_server, dentist_user) for _ in range(8)]
    with ThreadPoolExecutor(8) as together:
        answers = list(together.map(lambda one: one.create(100, key=key), programs))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["Location"] for answer in answers}) == 1


def test_the_key_of_another_upload_is_refused(program, other_practice_user, live_server):
    key = uuid.uuid4().hex
    program.create(100, key=key)
    assert Program(live_server, other_practice_user).create(100, key=key).status_code == 409
    assert program.create(101, key=key).status_code == 409
    assert program.create(100, key="not a key").status_code == 400


def test_a_removed_upload_can_be_announced_again(program):
    key = uuid.uuid4().hex
    program.delete(program.create(100, key=key).headers["Location"])
    assert program.create(100, key=key).status_code == 201
    assert Attachment.objects.count() == 1


def test_a_damaged_announcement_leaves_no_ghost(program):
    answer = program.create(len(STL), body=STL, headers=BYTES | checksum(b"other"))
    assert answer.status_code == 460
    assert not Attachment.objects.exists()


def test_options_tell_what_is_possible(program, settings):
    headers = program.options("/files/").headers
    assert headers["Tus-Version"] == "1.0.0"
    assert set(headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "termination", "expiration", "checksum"
    }  # fmt: skip
    assert headers["Tus-Max-Size"] == str(settings.MAX_UPLOAD_BYTES)
    assert headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_head_tells_offset_length_and_expiry_and_is_not_cached(program, location):
    headers = program.head(location).headers
    assert (headers["Upload-Offset"], headers["Upload-Length"]) == ("0", "1000")
    assert headers["Cache-Control"] == "no-store"
    assert headers["Upload-Expires"].endswith("GMT")


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
def test_another_version_is_refused(program, location, method):
    answer = program.request(method, location, headers={"Tus-Resumable": "0.2.2"})
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("offset", [0, 9, 11, 2000])
def test_a_wrong_offset_is_refused_and_changes_nothing(program, location, offset):
    program.append(location, 0, b"x" * 10)
    answer = program.append(location, offset, b"y" * 10)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "10")
    assert Attachment.objects.get().staging_path.read_bytes() == b"x" * 10


@pytest.mark.parametrize("offset", ["", "-1", "ten", "1" * 40])
def test_an_offset_that_is_no_number_is_refused(program, location, offset):
    assert program.append(location, offset, b"x").status_code == 400


def test_another_content_type_is_refused(program, location):
    answer = program.append(location, 0, b"x", **{"Content-Type": "text/plain"})
    assert answer.status_code == 415


def test_more_bytes_than_announced_are_refused_and_the_part_stays(program, location):
    program.append(location, 0, b"x" * 990)
    answer = program.append(location, 990, b"y" * 11)
    assert answer.status_code == 413
    assert "What came before is kept" in answer.text
    assert offset_of(program, location) == 990


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_changed_on_their_way_are_dropped(program, location, algorithm):
    program.append(location, 0, b"x" * 10)
    assert program.append(location, 10, b"y" * 10, **checksum(b"z", algorithm)).status_code == 460
    assert offset_of(program, location) == 10
    answer = program.append(location, 10, b"y" * 10, **checksum(b"y" * 10, algorithm))
    assert answer.headers["Upload-Offset"] == "20"


@pytest.mark.parametrize("header", ["md5 abc", "sha1 %%%", "sha1", ""])
def test_a_checksum_that_cannot_be_read_is_refused(program, location, header):
    answer = program.append(location, 0, b"x", **{"Upload-Checksum": header})
    assert answer.status_code in (400, 460)
    assert offset_of(program, location) == 0


def test_of_two_writers_one_waits(program, location):
    program.append(location, 0, b"x")
    with open(Attachment.objects.get().staging_path) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert program.append(location, 1, b"y").status_code == 423
    assert program.append(location, 1, b"y").status_code == 204


def cut_off(program, location, body, headers=None, method="PATCH"):
    """Announce 1000 bytes, send `body` and nothing more; return what is answered to that."""
    host, port = program.base.removeprefix("http://").split(":")
    lines = {
        "Host": f"{host}:{port}",
        "Cookie": f"sessionid={program.cookies['sessionid']}; csrftoken={CSRF}",
        "X-CSRFToken": CSRF,
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Length": "1000",
    }
    lines |= BYTES | (headers or {})
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with socket.create_connection((host, int(port))) as line:
        line.sendall(f"{method} {location} HTTP/1.1\r\n{head}\r\n".encode() + body)
        line.shutdown(socket.SHUT_WR)
        return line.recv(1000)


def test_a_cut_line_keeps_what_came_and_goes_on_there(program, location):
    cut_off(program, location, b"x" * 600)
    until(lambda: offset_of(program, location) == 600)
    until(lambda: program.append(location, 600, b"y" * 400).status_code == 204)
    assert Attachment.objects.get().state == "stored"


def test_a_cut_line_under_a_checksum_keeps_nothing_of_it(program, location):
    cut_off(program, location, b"x" * 600, checksum(b"x" * 1000))
    path = Attachment.objects.get().staging_path
    until(path.exists)
    until(lambda: offset_of(program, location) == 0)


def test_a_cut_announcement_leaves_no_file_that_nobody_can_finish(program, settings):
    pairs = encoded({"filename": "upper.stl", "form": str(uuid.uuid4())})
    announced = {"Upload-Length": "1000", "Upload-Metadata": pairs}
    answer = cut_off(program, "/files/", b"x" * 600, announced, method="POST")
    assert b" 400 " in answer
    assert not Attachment.objects.exists()
    assert list(settings.STAGING_DIR.iterdir()) == []


def test_an_upload_whose_process_died_at_the_last_byte_is_completed(program, location):
    file = Attachment.objects.get()
    file.staging_path.parent.mkdir(parents=True, exist_ok=True)
    file.staging_path.write_bytes(b"x" * 1000)
    assert offset_of(program, location) == 1000
    file.refresh_from_db()
    assert file.state == "stored"


def test_staging_files_are_for_the_portal_alone(program, location):
    program.append(location, 0, b"x")
    assert Attachment.objects.get().staging_path.stat().st_mode & 0o777 == 0o600


def test_a_large_file_is_taken_without_being_in_memory(program, tmp_path):
    size, path = 128 * 1024**2, tmp_path / "large"
    location = program.create(size + 1).headers["Location"]
    with path.open("xb+") as body, modest("a large file", megabytes=30):
        body.truncate(size)
        assert program.append(location, 0, body).headers["Upload-Offset"] == str(size)
