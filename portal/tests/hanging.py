"""Peers that take a connection and then say nothing, too little, or do not even take it."""

import runpy
import socket
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

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


def nobody():
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextmanager
def silent():
    """The port of a peer that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield listener.getsockname()[1]


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
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=_serve, args=(listener, drop, pause, first), daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _serve(listener, drop, pause, first):
    with suppress(OSError):
        while True:
            line, _ = listener.accept()
            threading.Thread(target=_drip, args=(line, drop, pause, first), daemon=True).start()


def _drip(line, drop, pause, first):
    with line, suppress(OSError):
        line.sendall(first)
        while True:
            line.sendall(drop)
            time.sleep(pause)
