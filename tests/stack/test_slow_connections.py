"""Whoever keeps connections open and sends next to nothing keeps nobody out."""

import re
import socket
import tempfile
from contextlib import contextmanager

import pytest
import requests

from drills.servers import slow_connections
from drills.servers.services import LOCALHOST

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("slow lines")]


@pytest.fixture(scope="module", params=[slow_connections.alone, slow_connections.behind_nginx])
def place(request):
    """The portal and the port to reach it by."""
    with tempfile.TemporaryDirectory(prefix="slow-") as folder, request.param(folder) as place:
        yield place


@pytest.fixture
def port(place):
    return place[1]


@pytest.fixture(scope="module")
def begin(place):
    return slow_connections.kinds(*place)


def test_pages_come_beside_many_slow_connections(port, begin):
    for kind in begin.values():
        with slow_connections.SlowConnections(port, kind):
            for page in slow_connections.PAGES * 5:
                answer = requests.get(f"http://{LOCALHOST}:{port}{page}", timeout=60)
                assert answer.status_code == 200


@contextmanager
def line(port, begun):
    """A connection on which this was sent; gives a file to read the answer from."""
    with socket.create_connection((LOCALHOST, port), timeout=60) as connection:
        connection.sendall(begun)
        with connection.makefile("rb") as answer:
            yield connection, answer


def headers_of(answer):
    lines = iter(lambda: answer.readline().strip().decode(), "")
    status = next(lines).split()[1]
    return status, dict(line.split(": ", 1) for line in lines)


def body_of(answer):
    status, headers = headers_of(answer)
    return status, answer.read(int(headers["Content-Length"]))


def test_requests_that_come_at_once_are_answered_one_after_the_other(port):
    well = f"GET /healthz HTTP/1.1\r\nHost: {LOCALHOST}\r\n\r\n".encode()
    odd = f"POST /healthz HTTP/1.1\r\nHost: {LOCALHOST}\r\nContent-Length: 5\r\n\r\na=b&c".encode()
    with line(port, well + odd + well + well[:20]) as (connection, answer):
        assert body_of(answer) == ("200", b"ok")
        assert body_of(answer)[0] == "403"
        assert body_of(answer) == ("200", b"ok")
        connection.sendall(well[20:])
        assert body_of(answer) == ("200", b"ok")


@pytest.mark.parametrize("path", ["/files/", "/files/nowhere/", f"/files/{'0' * 32}/"])
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_a_stranger_is_refused_before_a_byte_of_body_is_read(port, path, kind):
    begun = slow_connections.form(path, Content_Type=kind)
    with line(port, begun()) as (_, answer):
        assert headers_of(answer)[0] in {"401", "403", "404"}


def test_a_form_that_is_too_large_is_refused_before_it_comes(port):
    with line(port, slow_connections.form("/cases/new/", length=10**9)()) as (_, answer):
        assert headers_of(answer)[0] == "413"


def test_an_upload_that_brings_too_little_is_cut_and_what_came_is_kept(port, begin):
    begun = begin["an upload of a member"]()
    before = int(re.search(rb"Upload-Offset: (\d+)", begun)[1])
    with line(port, begun + b"x" * 1000) as (connection, answer):
        connection.settimeout(0.5)
        sent = 1000
        while not (came := peeked(connection)):
            connection.sendall(b"x")
            sent += 1
        connection.settimeout(60)
        status, headers = headers_of(answer)
    assert (status, came) == ("204", b"H")
    assert 1000 <= int(headers["Upload-Offset"]) - before <= sent


def peeked(connection):
    try:
        return connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return b""
