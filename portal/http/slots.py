"""How many of something happen at once, counted over all processes of a host.

A slot is the lock of one byte of a file, which the kernel frees when its holder lets go or dies. So
nothing has to be counted down, and no row is written for it.
"""

import fcntl
import os
import struct
from contextlib import contextmanager
from hashlib import sha256

from django.conf import settings

# No name has as many slots.
ROOM = 256


class NoneFree(Exception):
    """All slots of a name are taken."""


@contextmanager
def taken(name, most):
    """Hold one of `most` slots of a name. Raises NoneFree at once when there is none."""
    file = os.open(settings.DATA_DIR / "slots", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        first = int.from_bytes(sha256(name.encode()).digest()[:6]) * ROOM
        if not any(_lock(file, first + number) for number in range(most)):
            raise NoneFree(name)
        yield
    finally:
        os.close(file)


def _lock(file, place):
    """Whether this byte is ours now. The lock is of the open file: threads differ as processes do.

    fcntl.lockf would ask for one of the whole process.
    """
    byte = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, byte)
    except BlockingIOError:
        return False
    return True
