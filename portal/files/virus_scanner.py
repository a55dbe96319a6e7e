"""The virus scanner: clamd, which looks at bytes that it gets over its socket.

Its protocol is spoken here, in few lines, since the package clamav-client (0.7.2) connects to a
socket without a time-out, sends blocks of 1 KiB, loses the answer "too large" when clamd breaks
off, and leaves no way to renew a lease while clamd thinks.
"""

import os
import socket
import struct
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

CONNECT_SECONDS = 5
# For a block to be taken.
SEND_SECONDS = 30
# For the verdict, once all is sent; clamd gives up a file after its MaxScanTime, 2 minutes.
ANSWER_SECONDS = 180
BLOCK = 1024**2
LONGEST_ANSWER = 4096
# clamd looks at no file that is larger, whatever its settings say.
LARGEST = 2 * 1024**3 - 1
LENGTH = struct.Struct(">I")


class Verdict(models.TextChoices):
    """What is known of a file. Whatever is neither clean nor infected was not scanned."""

    CLEAN = "clean", "No virus found"
    INFECTED = "infected", "Infected"
    NO_SCANNER = "no_scanner", "Not scanned for viruses: no scanner is set up"
    TOO_LARGE = "too_large", "Not scanned for viruses: too large for the scanner"
    ENCRYPTED = "encrypted", "Not scanned for viruses: encrypted"
    UNAVAILABLE = "away", "Not scanned for viruses: the scanner did not answer"
    ERROR = "error", "Not scanned for viruses: the scanner failed"


class ScannerUnavailable(Exception):
    """The virus scanner cannot be reached, hangs, or broke off."""


def is_set_up():
    return bool(settings.CLAMD_SOCKET)


def scan(path, progress=lambda: None):
    """A Verdict on the file at `path`, and the name of what was found in it or "".

    `progress` is called now and then. Raises ScannerUnavailable, and
    OSError when the file can't be read.
    """
    if not is_set_up():
        return Verdict.NO_SCANNER, ""
    if os.stat(path).st_size > LARGEST:
        return Verdict.TOO_LARGE, ""
    with _line() as line:
        try:
            _send(line, path, progress)
        except (BrokenPipeError, ConnectionResetError):
            pass  # It takes no more, and mostly has said why.
        except TimeoutError as problem:
            raise ScannerUnavailable("The virus scanner took no more bytes.") from problem
        return understood(_answer(line, progress))


def version():
    """What clamd says of itself and its signatures. Raises ScannerUnavailable."""
    with _line() as line:
        try:
            line.sendall(b"zVERSION\0")
        except OSError as problem:
            raise ScannerUnavailable("The virus scanner hung up.") from problem
        return _answer(line, progress=lambda: None)


def understood(answer):
    """What clamd answered, as a Verdict and the name of what it found."""
    words = answer.removeprefix("stream: ")
    if words == "OK":
        return Verdict.CLEAN, ""
    if words.startswith("INSTREAM size limit exceeded"):
        return Verdict.TOO_LARGE, ""
    if not words.endswith(" FOUND"):
        return Verdict.ERROR, ""
    name = words.removesuffix(" FOUND")
    # It alerts to these (AlertEncrypted, AlertExceedsMax) only if there was nothing worse.
    if name.startswith("Heuristics.Encrypted"):
        return Verdict.ENCRYPTED, ""
    if name.startswith("Heuristics.Limits.Exceeded"):
        return Verdict.TOO_LARGE, ""
    return Verdict.INFECTED, name[:100]


@contextmanager
def _line():
    try:
        line = _connected(settings.CLAMD_SOCKET)
    except OSError as problem:
        # Its type, not its words, which name addresses.
        raise ScannerUnavailable(
            f"The virus scanner cannot be reached ({type(problem).__name__})."
        ) from problem
    with line:
        line.settimeout(SEND_SECONDS)
        yield line


def _connected(address):
    if address.startswith("tcp://"):
        at = urlsplit(address)
        return socket.create_connection((at.hostname, at.port), timeout=CONNECT_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(CONNECT_SECONDS)
    try:
        line.connect(address)
    except OSError:
        line.close()
        raise
    return line


def _send(line, path, progress):
    line.sendall(b"zINSTREAM\0")
    with open(path, "rb") as file:
        while block := file.read(BLOCK):
            progress()
            line.sendall(LENGTH.pack(len(block)) + block)
    line.sendall(LENGTH.pack(0))


def _answer(line, progress):
    """Words up to the NUL that ends them. Raises ScannerUnavailable."""
    line.settimeout(1)
    until = time.monotonic() + ANSWER_SECONDS
    said = b""
    while not said.endswith(b"\0"):
        progress()
        try:
            part = line.recv(4096)
        except TimeoutError:
            if time.monotonic() < until:
                continue
            raise ScannerUnavailable("The virus scanner did not answer.") from None
        except OSError as problem:
            raise ScannerUnavailable("The virus scanner hung up.") from problem
        if not part or len(said) > LONGEST_ANSWER:
            raise ScannerUnavailable("The virus scanner hung up.")
        said += part
    return said.rstrip(b"\0").decode(errors="replace").strip()
