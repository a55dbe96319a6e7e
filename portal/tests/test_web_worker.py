"""What the loop of a web process waits for, and when it loses patience."""

import socket
from contextlib import closing

import pytest

from portal.http import web_worker
from portal.http.web_worker import PATIENCE, Arrival, Line, Refused, form_length

FORM = b"POST /accounts/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"


def head(*lines, method="POST", path="/cases/new/"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("asked", "length"),
    [
        (head(method="GET"), 0),
        (head("Content-Length: 5"), 5),
        (head("content-length:\t 5 "), 5),
        (head("X-Content-Length: 7"), 0),
        (head("Content-Length: 5", path="/files/"), 0),
        (head("Content-Length: 5", path="/files/0b/", method="PATCH"), 0),
        (head("Content-Length: 5", path="http://localhost/files/"), 0),
        (head("Content-Length: 5", path="/?/files/"), 5),
        # What gunicorn refuses, or Django does not read.
        (head("Content-Length: 5", "Content-Length: 6"), 0),
        (head("Content-Length: 5", "Transfer-Encoding: chunked"), 0),
        (head("Content-Length: +5"), 0),
    ],
)
def test_a_form_is_waited_for_and_nothing_else(asked, length):
    assert form_length(asked) == length


@pytest.mark.parametrize("length", [str(7 * 1024**2), "9" * 18, "9" * 5000])
def test_a_form_that_is_too_large_is_refused_before_it_comes(length):
    with pytest.raises(Refused, match="413"):
        form_length(head(f"Content-Length: {length}"))
    assert form_length(head(f"Content-Length: {length}", path="/files/")) == 0


@pytest.fixture
def arrival():
    """A request whose first byte may come at second 0."""
    with closing(Arrival(now=0)) as arrival:
        yield arrival


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_request_is_there_with_its_last_byte_however_it_is_cut(arrival, size):
    whole = FORM + b"a=b&c" + b"GET / next"
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    while not arrival.is_there:
        arrival.take(pieces.pop(0))
    assert len(FORM) + 5 <= len(came := arrival.read()) < len(FORM) + 5 + size
    assert whole.startswith(came)


def test_a_head_without_an_end_is_refused(arrival):
    arrival.take(b"x" * web_worker.LONGEST_HEAD)
    with pytest.raises(Refused, match="431"):
        arrival.take(b"x")


def test_a_head_that_is_not_there_in_time_is_too_slow(arrival):
    arrival.take(FORM[:20])
    assert not arrival.is_too_slow(PATIENCE - 1)
    assert arrival.is_too_slow(PATIENCE)


def test_a_body_may_take_long_as_long_as_it_brings_enough(arrival, settings):
    settings.MIN_BODY_RATE = 1000
    arrival.take(head("Content-Length: 5000000"))
    for turn in range(1, 4):
        arrival.take(b"x" * 1000 * PATIENCE)
        assert not arrival.is_too_slow(turn * PATIENCE)
    arrival.take(b"x" * 999 * PATIENCE)
    assert arrival.is_too_slow(4 * PATIENCE)


@pytest.mark.parametrize(("body", "must_be_answered"), [(b"", True), (b"a=b&c", False)])
def test_a_program_that_asks_before_it_sends_is_noticed(arrival, body, must_be_answered):
    arrival.take(head("Content-Length: 5", "Expect: 100-continue") + body)
    assert arrival.asks_first is must_be_answered


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def test_a_line_ends_for_its_reader_when_it_brings_too_little(pair, monkeypatch):
    monkeypatch.setattr(web_worker, "PATIENCE", 0.2)
    ours, theirs = pair
    line = Line(ours)
    theirs.sendall(b"abc")
    assert line.recv(100) == b"abc"
    assert line.recv(100) == b""
    assert line.is_given_up
    theirs.sendall(b"late")
    assert line.recv(100) == b""


def test_a_line_that_brings_enough_goes_on(pair, monkeypatch, settings):
    monkeypatch.setattr(web_worker, "PATIENCE", 0.02)
    settings.MIN_BODY_RATE = 1
    ours, theirs = pair
    line = Line(ours)
    for _ in range(20):
        theirs.sendall(b"x" * 100)
        assert line.recv(100) == b"x" * 100
    assert not line.is_given_up
    # Nor does one of the other side hold up who answers.
    assert ours.gettimeout() == web_worker.PATIENCE
