"""What the name of a file says: litter of file managers, and arch and scanner of a scan.

Names are what scanners' own exports carry; people rename them, so a name is a guess that the
dentist may correct.
"""

import re
from pathlib import PurePosixPath

UPPER, LOWER, BITE, SCAN_BODY, PREOP = "upper", "lower", "bite", "scan body", "pre-op"

_LITTER = (".ds_store", "thumbs.db", "desktop.ini", ".localized")
_LITTER_FOLDERS = {"__macosx", ".spotlight-v100", ".trashes", ".fseventsd", "$recycle.bin"}

# Words as scanners and people write them, between other words or stuck to them.
_ARCHES = (
    (SCAN_BODY, r"scan[ _-]?body|scan[ _-]?bodies|scanflag|scan[ _-]?post|scan[ _-]?marker"),
    (PREOP, r"pre[ _-]?op(erative)?|preparation[ _-]?before|situ(ation)?(?![a-z])"),
    (BITE, r"bite|buccal|occlu(sion|sal)(?!_[ul](?![a-z]))|vestibul|antagonist[ _-]?bite"),
    (UPPER, r"upper|maxill|oberkiefer|superior|occlusion_u(?![a-z])|(?<![a-z])(ok|uj)(?![a-z])"),
    (LOWER, r"lower|mandib|unterkiefer|inferior|occlusion_l(?![a-z])|(?<![a-z])(uk|lj)(?![a-z])"),
)  # fmt: skip
ARCHES = tuple((arch, re.compile(words, re.I)) for arch, words in _ARCHES)
SCANNERS = tuple(
    (scanner, re.compile(words, re.I))
    for scanner, words in (
        ("iTero", r"orthocad|itero|_shell_occlusion_"),
        ("3Shape", r"(upper|lower)jawscan|bitescan|(preparation|antagonist)scan|trios|3shape"),
        ("Medit", r"medit|-(upper|lower)jaw\b|-situ\b|\.dentalproject$|\.mdtc?$"),
        ("Primescan", r"primescan|omnicam|cerec|\.dxd$|sirona"),
        ("Shining", r"shining|aoralscan"),
    )
)


def is_litter(name: str) -> bool:
    """Whether a file was left by a file manager and holds nothing that was sent on purpose.

    `name` may have folders, parted by / or a backslash.
    """
    *folders, last = PurePosixPath(name.replace("\\", "/").lower()).parts or ("",)
    return (
        last.endswith(_LITTER)
        or last.startswith("._")
        or last.endswith(".lnk")
        or any(folder in _LITTER_FOLDERS for folder in folders)
    )


def arch_of(name: str) -> str | None:
    """The arch, or the other part of a scan, that a file's name says; None for none or several."""
    found = {arch for arch, words in ARCHES if words.search(name)}
    for first in (SCAN_BODY, PREOP, BITE):
        if first in found:
            return first
    return found.pop() if len(found) == 1 else None


def scanner_of(name: str) -> str | None:
    """The scanner whose way of naming files this is, or None."""
    return next((scanner for scanner, words in SCANNERS if words.search(name)), None)
