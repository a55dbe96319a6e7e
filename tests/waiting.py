"""Waiting for a state that others bring about."""

import os
import time

# How much longer than usual everything may take, such as on hosts that are cut off meanwhile.
PATIENCE = float(os.environ.get("PATIENCE", "1"))


def until(found, seconds=60):
    """What `found` gives once it is true; fails when it is not after so many seconds."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"Still nothing after {seconds} s."
        time.sleep(0.05)
    return answer
