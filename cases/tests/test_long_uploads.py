"""An upload that takes longer than somebody may do nothing: the bytes say that they are there."""

import socket
from contextlib import ExitStack

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts.tests.conftest import PASSWORD, sign_in
from cases.files.receiving import BLOCK
from cases.models import Attachment
from cases.tests.tus_program import BYTES, CSRF, Program
from tests.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

STAY = "/account/stay/"


@pytest.fixture
def program(live_server, dentist_user):
    """A browser whose person has typed their password."""
    dentist_user.set_password(PASSWORD)
    dentist_user.save()
    return signed_in(live_server, dentist_user)


def signed_in(live_server, user):
    client, program = Client(), Program(live_server, user)
    sign_in(client, user.email)
    program.cookies["sessionid"] = client.cookies["sessionid"].value
    return program


def is_in(program):
    return program.get("/cases/", allow_redirects=False).status_code == 200


class Upload:
    """One request that brings a file, block by block."""

    def __init__(self, program, blocks):
        self.size = size = blocks * BLOCK
        self.location = program.create(size, "cbct.zip").headers["Location"]
        host, port = program.base.removeprefix("http://").split(":")
        head = {
            "Host": f"{host}:{port}",
            "Cookie": f"sessionid={program.cookies['sessionid']}; csrftoken={CSRF}",
            "X-CSRFToken": CSRF,
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": "0",
            "Content-Length": str(size),
            "Connection": "close",
            **BYTES,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        self.line = socket.create_connection((host, int(port)))
        self.line.sendall(f"PATCH {self.location} HTTP/1.1\r\n{lines}\r\n".encode())
        self.sent = 0

    def send(self):
        """Send a block and wait until it has arrived, the last one until it is answered."""
        path = Attachment.objects.get(pk=self.location.split("/")[2]).staging_path
        self.line.sendall(bytes(BLOCK))
        self.sent += BLOCK
        if self.sent == self.size:
            assert b" 204 " in self.answer()
        else:
            until(lambda: path.exists() and path.stat().st_size >= self.sent)

    def answer(self):
        with self.line.makefile("rb") as answer:
            return answer.read()

    def hang_up(self):
        """Leave no thread behind that is still reading."""
        with self.line:
            if self.sent < self.size:
                self.line.shutdown(socket.SHUT_WR)
                self.answer()


@pytest.fixture
def upload(program):
    """A function that begins an upload of so many blocks."""
    with ExitStack() as lines:

        def begin(blocks):
            upload = Upload(program, blocks)
            lines.callback(upload.hang_up)
            return upload

        yield begin


def test_who_uploads_for_hours_stays_signed_in(program, upload, clock):
    file = upload(blocks=5)
    file.send()
    for _ in range(4):
        clock(29)
        file.send()
    clock(29)
    assert is_in(program)


def test_an_upload_that_stands_still_keeps_nobody_signed_in(program, upload, clock):
    file = upload(blocks=2)
    file.send()
    clock(31)
    assert not is_in(program)


def test_the_page_is_told_meanwhile_how_long_they_stay(program, upload, clock):
    file = upload(blocks=3)
    file.send()
    for _ in range(2):
        clock(28)
        file.send()
        until(lambda: program.get(STAY).json()["seconds"] == 1800)
    clock(28)
    assert program.get(STAY).json()["seconds"] == 120


def test_the_end_of_the_upload_takes_no_sign_back(program, upload, clock):
    """The request that brings it was begun long ago, and saves its session when it is over."""
    file = upload(blocks=3)
    file.send()
    clock(20)
    file.send()
    clock(20)
    assert is_in(program)
    file.send()
    clock(29)
    assert is_in(program)


def test_twelve_hours_stay_twelve_hours(program, upload, clock):
    file = upload(blocks=27)
    file.send()
    for _ in range(25):
        clock(28)
        file.send()
    assert is_in(program)
    clock(20)
    file.send()
    assert not is_in(program)


def test_the_sign_is_written_once_a_minute_at_most(program, upload, clock):
    file = upload(blocks=4)
    file.send()
    began = UserSession.objects.get().last_seen_at
    clock(0.9)
    file.send()
    assert UserSession.objects.get().last_seen_at == began
    clock(0.2)
    file.send()
    file.send()
    assert UserSession.objects.get().last_seen_at == timezone.now()


def test_bytes_keep_only_the_session_that_sends_them(
    program, upload, live_server, dentist_user, other_practice_user, clock
):
    elsewhere = signed_in(live_server, dentist_user)
    other_practice_user.set_password(PASSWORD)
    other_practice_user.save()
    stranger = signed_in(live_server, other_practice_user)
    file = upload(blocks=3)
    for _ in range(3):
        file.send()
        clock(20)
    assert [is_in(each) for each in (program, elsewhere, stranger)] == [True, False, False]


def test_bytes_bring_no_session_back_that_was_over(program, upload, clock):
    file = upload(blocks=2)
    file.send()
    clock(31)
    file.send()
    assert not is_in(program)
