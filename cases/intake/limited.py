"""Reads a file in a process of its own: one that was made to harm its reader harms no more."""

import json
import os
import subprocess
import sys
from pathlib import Path

from cases.intake.reading import Kind, Reading

MAX_SECONDS = 30
MAX_MEMORY = 400 << 20
NOT_READ = "This file could not be read within the limits that keep the portal safe."


def read(path: Path, name: str = "") -> Reading:
    """As `reader.read`, in a process of at most MAX_SECONDS and MAX_MEMORY bytes, without network.

    A file that kills its reader is OTHER, with `findings["not_read"]` saying how it went.
    """
    path = Path(path)
    # A thread of numpy for each core would count as memory.
    environment = {"OPENBLAS_NUM_THREADS": "1", "PATH": os.environ.get("PATH", "")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "cases.intake", path.absolute(), name or path.name],
            env=environment,
            capture_output=True,
            timeout=2 * MAX_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return _not_read("timeout")
    if ended.returncode:
        return _not_read(f"exit {ended.returncode}")
    said = json.loads(ended.stdout)
    return Reading(Kind(said["kind"]), said["findings"], said["sentences"])


def _not_read(how):
    return Reading(Kind.OTHER, {"not_read": how}, [NOT_READ])
