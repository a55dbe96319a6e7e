"""No input may take long, or much memory."""

import signal
from contextlib import contextmanager


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
