"""Connections that are kept open and bring next to nothing, of all kinds that a portal may meet.

For the portal alone, as the Procfile says, and behind nginx with uploads in processes of their own.
"""

import socket
import threading
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

from drills.dentists import CSRF, Dentist
from drills.servers.nginx import Nginx
from drills.servers.portal import Portal
from drills.servers.services import LOCALHOST, until

PAGES = ["/", "/accounts/login/"]
FORM = "application/x-www-form-urlencoded"


def _head(method, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: {LOCALHOST}\r\n{lines}".encode()


def form(path, length=4_000_000, **headers):
    """A function that gives the head of a form whose body is still to come."""
    headers = {"Cookie": f"csrftoken={CSRF}", "Content_Type": FORM} | headers
    return lambda: _head("POST", path, Content_Length=length, **headers) + b"\r\n"


def kinds(portal, port, uploads=100):
    """For each kind a function that gives the first bytes of a connection to `port`.

    What follows them, a byte at a time, goes on with the head or the body that they begin.
    """
    url = f"http://{LOCALHOST}:{port}"
    dentist_pk, (key,) = portal.move_in()
    member = Dentist(url, key, dentist_pk).line
    # A connection that rests is closed after 2 s, and might be in the very moment of the next use.
    member.headers["Connection"] = "close"
    cookie = "; ".join(f"{name}={value}" for name, value in member.cookies.items())

    said = {"Upload-Length": "4000000"}
    answers = [member.post(f"{url}/files/", headers=said, timeout=60) for _ in range(uploads)]
    locations = cycle([answer.headers["Location"] for answer in answers])

    def upload():
        location = next(locations)
        offset = member.head(url + location, timeout=60).headers["Upload-Offset"]
        headers = {"Cookie": cookie, "X_CSRFToken": CSRF, "Upload_Offset": offset}
        headers |= {"Tus_Resumable": "1.0.0", "Content_Type": "application/offset+octet-stream"}
        headers["Content_Length"] = 4_000_000 - int(offset)
        return _head("PATCH", location, **headers) + b"\r\n"

    return {
        "a form to the first page": form("/"),
        "a form to the sign-in": form("/accounts/login/"),
        "a form to /files/": form("/files/"),
        "a form to /files/ of a member": form("/files/", Cookie=cookie, Tus_Resumable="1.0.0"),
        "an upload of a member": upload,
        "half a head": lambda: _head("GET", "/") + b"X-Slow: ",
    }


class SlowConnections:
    """Many of them within the block, which begins when each has sent two bytes."""

    number, pause = 80, 1

    def __init__(self, port, begin):
        self.rounds = 0
        self._port, self._begin = port, begin
        self._lines = [self._opened() for _ in range(self.number)]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)

    def _opened(self):
        line = socket.create_connection((LOCALHOST, self._port), timeout=60)
        with suppress(OSError):
            line.sendall(self._begin())
        return line

    def _drip(self):
        while not self._ended.wait(self.pause):
            self._lines = [self._fed(line) for line in self._lines]
            self.rounds += 1

    def _fed(self, line):
        """The same line with one byte more, or another one in its place when it was closed."""
        try:
            line.settimeout(0)
            with suppress(BlockingIOError):
                while line.recv(4096):
                    pass
                raise ConnectionResetError
            line.sendall(b"x")
        except OSError:
            line.close()
            return self._opened()
        return line

    def __enter__(self):
        self._thread.start()
        until(lambda: self.rounds >= 2, 600)
        return self

    def __exit__(self, *problem):
        self._ended.set()
        self._thread.join()
        for line in self._lines:
            line.close()


@contextmanager
def alone(folder):
    """The portal without nginx, and its port."""
    with Portal(folder).running() as portal:
        yield portal, portal.ports["web"]


@contextmanager
def behind_nginx(folder):
    """The portal behind nginx, which has processes for uploads, and the port of nginx."""
    nginx = Nginx(Path(folder) / "nginx", [])
    url = nginx.environment["SITE_URL"]
    portal = Portal(Path(folder) / "portal", ("web", "uploads"), PROXIES="1", SITE_URL=url)
    nginx.addresses, nginx.uploads = portal.addresses[:1], portal.addresses[1:]
    with portal.running(), nginx:
        yield portal, nginx.port
