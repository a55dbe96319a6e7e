"""The digest of a row of the access log, in which the row before it is contained.

The canonical form below can never change: the digests of rows written years ago are made of it.
A new form needs a new version beside this one.
"""

import hashlib
import json
from datetime import UTC, datetime

VERSION = 1
# What the first row of a chain follows.
BEGINNING = "0" * 64


def digest(
    *,
    chain: int,
    position: int,
    previous: str,
    at: datetime,
    user: int | None,
    practice: int | None,
    case_number: str,
    what: str,
    action: str,
    item: str,
    result: str,
    address: str | None,
    note: str,
) -> str:
    """Return the SHA-256 of a row, 64 hexadecimal digits.

    User and practice are their keys, `at` is an aware time. Every value stands at its own place of
    a JSON list, so that none can be moved into its neighbour.
    """
    canonical = [
        VERSION,
        chain,
        position,
        previous,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        user,
        practice,
        case_number,
        what,
        action,
        item,
        result,
        address,
        note,
    ]
    return hashlib.sha256(json.dumps(canonical, separators=(",", ":")).encode()).hexdigest()
