"""See whether a browser gets its pages while others keep slow connections open.

Starts the portal as the Procfile says, once alone and once behind nginx with uploads in processes
of their own, and opens 80 connections of each kind, each of which sends a byte every 3 s and comes
back when it is closed. Prints how long pages take in Chromium with nobody else there and beside
each kind (median, 95th percentile and longest, in ms), and ends with 1 when a 95th percentile is
1000 ms or more, or a page does not come.

    .venv/bin/python -m drills.slow_connections [--connections 80] [--pages 40]
"""

import argparse
import socket
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from pathlib import Path

from playwright.sync_api import sync_playwright

from drills.servers.embedded import EmbeddedPortal
from drills.servers.nginx import Nginx
from drills.servers.services import LOCALHOST
from drills.upload import MEMBER, sign_in

CHROMIUM = "/usr/bin/chromium"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGES = ["/", "/accounts/login/"]
MOST_MS = 1000
FORM = "application/x-www-form-urlencoded"
CSRF = "c" * 32  # any text will do: a form and its cookie must only have the same


def _head(method, path, **headers):
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\nHost: {LOCALHOST}\r\n{lines}".encode()


def form(path, length=4_000_000, **headers):
    """A function that gives the head of a form whose body is still to come."""
    headers = {"Cookie": f"csrftoken={CSRF}", "Content_Type": FORM} | headers
    return lambda: _head("POST", path, Content_Length=length, **headers) + b"\r\n"


def kinds(url, uploads=100):
    """For each kind a function that gives the first bytes of a connection; `url` is the portal's.

    What follows them, a byte at a time, goes on with the head or the body that they begin.
    """
    member = sign_in(url)
    # A connection that rests is closed after 2 s, and might be in the very moment of the next use.
    member.headers["Connection"] = "close"
    cookie = "; ".join(f"{name}={value}" for name, value in member.cookies.items())
    token = member.cookies["csrftoken"]

    said = {"Upload-Length": "4000000"}
    answers = [member.post(f"{url}/files/", headers=said, timeout=60) for _ in range(uploads)]
    locations = cycle([answer.headers["Location"] for answer in answers])

    def upload():
        location = next(locations)
        offset = member.head(url + location, timeout=60).headers["Upload-Offset"]
        headers = {"Cookie": cookie, "X_CSRFToken": token, "Upload_Offset": offset}
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
    """So many of them, kept open until `stop`; `rounds` counts the bytes that each has sent."""

    def __init__(self, port, begin, number=80, pause=3.0):
        self.rounds = 0
        self._port, self._begin, self._pause = port, begin, pause
        self._lines = [self._opened() for _ in range(number)]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._drip, daemon=True)
        self._thread.start()

    def _opened(self):
        line = socket.create_connection((LOCALHOST, self._port), timeout=60)
        with suppress(OSError):
            line.sendall(self._begin())
        return line

    def _drip(self):
        while not self._ended.wait(self._pause):
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

    def stop(self):
        self._ended.set()
        self._thread.join()
        for line in self._lines:
            line.close()


@contextmanager
def slow(port, begin, number=80, pause=3.0):
    """Slow connections in the block, which begins when each has sent two bytes."""
    connections = SlowConnections(port, begin, number, pause)
    try:
        while connections.rounds < 2:
            time.sleep(0.05)
        yield connections
    finally:
        connections.stop()


@contextmanager
def alone(folder):
    """The portal without nginx; gives its port."""
    with EmbeddedPortal(Path(folder)).running() as portal:
        portal.manage("shell", "-v", "0", "-c", MEMBER)
        yield portal.port


@contextmanager
def behind_nginx(folder):
    """The portal behind nginx, which has processes for uploads; gives the port of nginx."""
    folder = Path(folder)
    nginx = Nginx(folder / "nginx", [])
    url = f"http://{LOCALHOST}:{nginx.port}"
    names = ("broker", "web", "uploads")
    portal = EmbeddedPortal(folder / "portal", names, PROXIES="1", SITE_URL=url)
    nginx.addresses = [f"{LOCALHOST}:{portal.port}"]
    nginx.uploads = [f"{LOCALHOST}:{portal.uploads_port}"]
    with portal.running(), nginx:
        portal.manage("shell", "-v", "0", "-c", MEMBER)
        yield nginx.port


def measure(page, url, name, number):
    """Open pages one after the other; returns whether all came in time."""
    times = []
    for turn in range(number):
        began = time.perf_counter()
        answer = page.goto(url + PAGES[turn % len(PAGES)], timeout=60_000)
        times.append(1000 * (time.perf_counter() - began))
        if not answer.ok:
            print(f"    {name}: {answer.status}", flush=True)
            return False
    late = statistics.quantiles(times, n=20)[-1]
    figures = f"median {statistics.median(times):.0f}, p95 {late:.0f}, longest {max(times):.0f}"
    print(f"    {name}: {figures} ms", flush=True)
    return late < MOST_MS


def try_all(port, page, connections, pages):
    url = f"http://{LOCALHOST}:{port}"
    measure(page, url, "warming up", pages)
    good = [measure(page, url, "nobody else", pages)]
    for name, begin in kinds(url).items():
        with slow(port, begin, connections):
            good.append(measure(page, url, f"{connections} × {name}", pages))
    return all(good)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--connections", type=int, default=80)
    arguments.add_argument("--pages", type=int, default=40)
    asked = arguments.parse_args()
    good = []
    with ExitStack() as stack:
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        page = browser.new_page()
        for place in (alone, behind_nginx):
            print(place.__name__.replace("_", " "), flush=True)
            with tempfile.TemporaryDirectory(prefix="slow-") as folder, place(folder) as port:
                good.append(try_all(port, page, asked.connections, asked.pages))
        browser.close()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
