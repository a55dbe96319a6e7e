"""No input may take long, or much memory."""

import re
import signal
from contextlib import contextmanager
from pathlib import Path

SECONDS = 10
MEGABYTES = 200
PROCESS = Path("/proc/self")


class TooLong(BaseException):
    """Not an Exception: no `except` between here and the test may take it for its own."""


@contextmanager
def modest(what, megabytes=MEGABYTES):
    """Fail when a call takes so many seconds of the processor, or at its peak so much more memory.

    `what` is said then. Seconds of the processor, as those of the clock depend on who else is busy.
    """

    def stop(*_):
        raise TooLong(f"{what!r:.200} took more than {SECONDS} seconds.")

    (PROCESS / "clear_refs").write_text("5")  # the peak so far is forgotten
    before, handler = _taken("VmRSS"), signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, handler)
    more = _taken("VmHWM") - before
    assert more <= megabytes, f"{what!r:.200} took {more} MB."


def _taken(what):
    kilobytes = re.search(rf"{what}:\s+(\d+) kB", (PROCESS / "status").read_text())[1]
    return int(kilobytes) // 1024
