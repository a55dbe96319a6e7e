"""nginx as `deploy/` configures it: before two servers that say who they are and what they got."""

import http.client
import json
import socket
import threading
import uuid
from collections import Counter
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from select import select

import pytest
import requests

from drills.servers.nginx import Nginx
from tests.waiting import until

LARGEST = 8 * 1024**2


class Web(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        if self.path.endswith("/dies"):
            self.rfile.read(50_000)
            self.close_connection = True
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            block = self.rfile.read1(min(left, 65_536))
            if not block:
                return
            self.server.received.append(len(block))
            left -= len(block)
        body = json.dumps({"port": self.server.server_port, **self.headers}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PATCH = answer  # noqa: N815

    def log_message(self, *words):
        pass


@pytest.fixture
def webs():
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Web) for _ in range(2)]
    for server in servers:
        server.received = []  # threads add to it at the same moment
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nginx(webs, tmp_path):
    addresses = [f"127.0.0.1:{web.server_port}" for web in webs]
    with Nginx(tmp_path, addresses, max_upload_bytes=LARGEST) as nginx:
        yield nginx


@pytest.fixture
def nginx_with_uploads(webs, tmp_path):
    """One server for pages, the other one for uploads."""
    pages, uploads = ([f"127.0.0.1:{web.server_port}"] for web in webs)
    with Nginx(tmp_path, pages, uploads=uploads) as nginx:
        yield nginx


def ask(nginx, path, method="GET", **options):
    address = f"http://127.0.0.1:{nginx.port}{path}"
    return requests.request(method, address, timeout=20, **options)


def test_all_requests_of_one_upload_reach_one_host(nginx):
    hosts = Counter()
    for _ in range(40):
        upload = f"/files/{uuid.uuid4()}"
        answers = [ask(nginx, upload, "PATCH", data=b"x"), ask(nginx, upload + "/retry/")]
        (host,) = {answer.json()["port"] for answer in answers}
        hosts[host] += 1
    assert len(hosts) == 2
    assert min(hosts.values()) >= 8


def test_pages_are_spread_over_the_hosts_and_survive_the_loss_of_one(nginx, webs):
    assert len({ask(nginx, "/cases/").json()["port"] for _ in range(10)}) == 2
    webs[0].shutdown()
    webs[0].server_close()
    assert {ask(nginx, "/cases/").json()["port"] for _ in range(10)} == {webs[1].server_port}


def test_uploads_have_processes_of_their_own(nginx_with_uploads, webs):
    pages, uploads = (web.server_port for web in webs)
    for path, method, port in (
        ("/", "GET", pages),
        ("/cases/new/", "POST", pages),
        ("/files/", "POST", uploads),
        (f"/files/{uuid.uuid4()}/", "PATCH", uploads),
    ):
        assert ask(nginx_with_uploads, path, method).json()["port"] == port


def begin_upload(nginx):
    """A line that has sent the head and the first byte of an upload, together."""
    line = socket.create_connection(("127.0.0.1", nginx.port), timeout=20)
    head = [f"PATCH /files/{uuid.uuid4()}/ HTTP/1.1", "Host: localhost", "Content-Length: 1000"]
    line.sendall("\r\n".join([*head, "", "x"]).encode())
    return line


def test_one_address_has_24_uploads_at_a_time_and_pages_all_the_same(nginx, webs):
    with ExitStack() as lines:
        for number in range(1, 25):
            lines.enter_context(begin_upload(nginx))
            # One after the other, so that the one that gets nowhere is seen.
            until(lambda number=number: sum(sum(web.received) for web in webs) == number)
        for method, path in (("PATCH", f"/files/{uuid.uuid4()}/"), ("POST", "/files/")):
            refused = ask(nginx, path, method, data=b"x")
            assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
            assert "It goes on by itself" in refused.text
        assert ask(nginx, f"/files/{uuid.uuid4()}/").status_code == 200
        assert ask(nginx, "/cases/new/", "POST", data=b"x").status_code == 200


def raw(nginx, *lines):
    """The first line of the answer to a request in these very words."""
    with socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line:
        line.sendall("\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""]).encode())
        return line.makefile("rb").readline().decode().strip()


@pytest.mark.parametrize(
    "lengths",
    [
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Content-Length: 4", "Content-Length: 40"],
        ["Transfer-Encoding: xchunked"],
        ["Content-Length: +4"],
    ],
)
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused(nginx, webs, lengths):
    assert raw(nginx, "POST /cases/ HTTP/1.1", *lengths).split()[1] in {"400", "501"}
    assert sum(sum(web.received) for web in webs) == 0


def test_trace_is_refused(nginx):
    assert raw(nginx, "TRACE / HTTP/1.1") == "HTTP/1.1 405 Not Allowed"


def test_bytes_reach_the_portal_before_the_upload_is_whole(nginx, webs):
    line = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
    line.putrequest("PATCH", f"/files/{uuid.uuid4()}")
    line.putheader("Content-Length", "200000")
    line.endheaders()
    line.send(b"x" * 100_000)
    until(lambda: sum(sum(web.received) for web in webs) >= 100_000)
    line.send(b"x" * 100_000)
    assert line.getresponse().status == 200
    line.close()


def test_an_upload_breaks_off_when_the_portal_does(nginx):
    line = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
    line.putrequest("PATCH", f"/files/{uuid.uuid4()}/dies")
    line.putheader("Content-Length", str(LARGEST))
    line.endheaders()
    line.send(b"x" * 100_000)
    assert select([line.sock], [], [], 20)[0]  # It is told so.
    with closing(line), pytest.raises(ConnectionError):
        line.send(b"x" * (LARGEST - 100_000))


def test_files_may_be_large_and_forms_not(nginx):
    large = b"x" * LARGEST
    assert ask(nginx, f"/files/{uuid.uuid4()}", "PATCH", data=large).status_code == 200
    assert ask(nginx, "/files/", "POST", data=large).status_code == 200
    assert ask(nginx, "/files/", "POST", data=large + b"x").status_code == 413
    assert ask(nginx, "/cases/new/", "POST", data=large).status_code == 413


def test_the_portal_learns_who_asked_and_for_which_address(nginx):
    claimed = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https"}
    heard = ask(nginx, "/", headers=claimed).json()
    assert heard["Host"] == f"127.0.0.1:{nginx.port}"
    assert heard["X-Forwarded-For"] == "127.0.0.1"
    assert heard["X-Forwarded-Proto"] == "http"


def test_the_portals_headers_pass_once_and_nginx_guards_its_own_answers(nginx, webs):
    line = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
    line.request("GET", "/")
    passed = line.getresponse().headers
    line.close()
    for name, value in (
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ):
        assert passed.get_all(name) == [value]
    assert "Content-Security-Policy" not in passed
    large = ask(nginx, "/cases/new/", "POST", data=b"x" * LARGEST)
    for web in webs:
        web.shutdown()
        web.server_close()
    away = ask(nginx, "/")
    assert (large.status_code, away.status_code) == (413, 502)
    assert "larger than the portal takes" in large.text
    assert "try again in a minute" in away.text
    for answer in (large, away):
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers  # by http
