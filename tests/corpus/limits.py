"""No input may take long, or much memory."""

import re
import signal
from contextlib import contextmanager
from pathlib import Path

MEGABYTES = 200
PROCESS = Path("/proc/self")


class TooLong(BaseException):
    """Not an Exception: no `except` between here and the test may take it for its own."""


@contextmanager
def within(seconds, what):
    """Break off the block after some seconds of the clock, and say what it was about."""

    def stop(*_):
        raise TooLong(f"{what!r:.200} took more than {seconds} seconds.")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def little_memory(megabytes=MEGABYTES):
    """Fail when the block, at its peak, takes that many megabytes more than were taken before."""
    (PROCESS / "clear_refs").write_text("5")  # the peak so far is forgotten
    before = _taken("VmRSS")
    yield
    more = _taken("VmHWM") - before
    assert more <= megabytes, f"It took {more} MB more."


def _taken(what):
    kilobytes = re.search(rf"{what}:\s+(\d+) kB", (PROCESS / "status").read_text())[1]
    return int(kilobytes) // 1024
