"""A limit of our own on how long the database server may say nothing.

The server itself ends statements, waits for locks and idle transactions. One that is stopped, or
whose machine hangs, ends nothing, and psycopg2 would wait for it for ever.
"""

import select

import psycopg2
from psycopg2 import extensions

CONNECT_SECONDS = 5
# Longer than statement_timeout, by which a server that lives has answered.
ANSWER_SECONDS = 40

_CONNECTED = (extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED)


def limit_silence():
    """Wait for every answer of a server by `wait`, from now on and in all threads."""
    extensions.set_wait_callback(wait)


def wait(line):
    """Wait until a connection of psycopg2 has done what it was asked.

    Raises OperationalError after a silence that is too long; the connection is of no use then.
    """
    seconds = ANSWER_SECONDS if line.status in _CONNECTED else CONNECT_SECONDS
    while (state := line.poll()) != extensions.POLL_OK:
        # Not select(), which knows the first 1024 files of a process only.
        event = select.poll()
        event.register(
            line.fileno(), select.POLLIN if state == extensions.POLL_READ else select.POLLOUT
        )
        if not event.poll(1000 * seconds):
            raise psycopg2.OperationalError(
                f"The database server has said nothing for {seconds} seconds: timed out."
            )
