"""Reads a file in a process of its own: one that was made to harm its reader harms no more."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

from cases.intake.reading import Kind, Reading

MAX_SECONDS = 30
MAX_MEMORY = 400 << 20
NOT_READ = "This file could not be read within the limits that keep the portal safe."


def read(path: Path, name: str = "") -> Reading:
    """As `reader.read`, in a process of at most MAX_SECONDS and MAX_MEMORY bytes, without network.

    A file that kills its reader is OTHER, with `findings["not_read"]` saying how it went.
    Raises OSError where the path cannot be opened.
    """
    path = Path(path)
    if path.is_dir():
        return _read(path.absolute(), name or path.name)
    with path.open("rb") as file:
        return read_open(file, name or path.name)


def read_open(file: BinaryIO, name: str) -> Reading:
    """The same of a file that is open, and that may have no name in its folder any more."""
    return _read(f"/dev/fd/{file.fileno()}", name, [file.fileno()])


def _read(path, name, files=()):
    # A thread of numpy for each core would count as memory.
    environment = {"OPENBLAS_NUM_THREADS": "1", "PATH": os.environ.get("PATH", "")}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "cases.intake", path, name],
            env=environment,
            pass_fds=files,
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
