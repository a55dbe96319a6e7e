"""Peers that take a connection and then say nothing, too little, or do not even take it."""

import runpy
import socket
import threading
from contextlib import ExitStack, contextmanager, nullcontext, suppress

from django.conf import settings

S3_BUCKET = {
    "S3_BUCKET": "cases",
    "S3_REGION": "us-east-1",
    "S3_ACCESS_KEY_ID": "portal",
    "S3_SECRET_ACCESS_KEY": "portal-secret-key",
}


def production_settings(monkeypatch, **environment):
    """All settings as the settings file makes them in this environment."""
    with monkeypatch.context() as environ:
        for name, value in environment.items():
            environ.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "portal" / "settings.py"))


def bucket_at(monkeypatch, port):
    """The storage of the production settings, a bucket at a port."""
    at_port = {**S3_BUCKET, "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    return production_settings(monkeypatch, **at_port)["STORAGES"]["default"]


def nobody():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Silent:
    """A peer that takes connections and never answers."""

    def __init__(self, listener):
        self._listener, self._lines = listener, []
        self.port = listener.getsockname()[1]

    @property
    def calls(self):
        """How often it was called so far."""
        self._listener.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                self._lines.append(self._listener.accept()[0])
        return len(self._lines)

    def hang_up(self):
        for line in self._lines:
            line.close()


@contextmanager
def silent_peer():
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        peer = Silent(listener)
        yield peer
        peer.hang_up()


@contextmanager
def silent():
    """The port of a peer that takes connections and never answers."""
    with silent_peer() as peer:
        yield peer.port


# The ways in which a dependency does not answer, each with the port of one.
AWAY = {"away": lambda: nullcontext(nobody()), "hanging": silent}


@contextmanager
def full():
    """The port of a peer whose queue is full: not even a connection comes about."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        port = listener.getsockname()[1]
        for _ in range(4):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            with suppress(BlockingIOError):
                caller.connect(("127.0.0.1", port))
        yield port


@contextmanager
def dripping(drop, pause, first=b""):
    """The port of a peer that says `first`, then `drop` again and again, `pause` seconds apart."""
    ended = threading.Event()

    def drip(line):
        with line, suppress(OSError):
            line.sendall(first)
            while not ended.wait(pause):
                line.sendall(drop)

    def serve(listener):
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=[listener.accept()[0]], daemon=True).start()

    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=serve, args=[listener], daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
