"""Teeth in the three numberings used by dentists.

A tooth is stored as its Universal code: permanent "1".."32", primary "A".."T", supernumerary
"51".."82" (permanent + 50) and "AS".."TS" (primary + S). It is shown in the practice's numbering.
Eighteen codes are valid in Universal and in FDI and mean different teeth, so no function here
guesses a numbering.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from accounts import numberings

NUMBERINGS = {code: name for code, (name, _) in numberings.NUMBERINGS.items()}

_RANGES = {
    "universal": "1 to 32 for permanent teeth, A to T for primary teeth, "
    "51 to 82 or AS to TS for supernumerary teeth",
    "fdi": "11 to 48 for permanent teeth, 51 to 85 for primary teeth, "
    "an S behind for a supernumerary tooth (18S)",
    "palmer": "UR, UL, LL or LR with 1 to 8 for permanent teeth or A to E for primary teeth, "
    "an S behind for a supernumerary tooth (UR8S)",
}

_PERMANENT_NAMES = (
    "central incisor",
    "lateral incisor",
    "canine",
    "first premolar",
    "second premolar",
    "first molar",
    "second molar",
    "third molar",
)
_PRIMARY_NAMES = (
    "primary central incisor",
    "primary lateral incisor",
    "primary canine",
    "first primary molar",
    "second primary molar",
)

# Universal walks round the mouth: quadrants in this order, the odd ones from the back forward.
_QUADRANTS = (("upper", "right"), ("upper", "left"), ("lower", "left"), ("lower", "right"))


class UnknownTooth(ValueError):
    """A code that names no tooth in the numbering asked for; str() is a sentence to show."""


@dataclass(frozen=True)
class _Tooth:
    quadrant: int  # 0..3, index into _QUADRANTS
    position: int  # 1 at the midline, 8 (primary: 5) at the back
    primary: bool
    supernumerary: bool = False


def _walk(codes: tuple[str, ...], size: int, primary: bool) -> dict[str, _Tooth]:
    found = {}
    for index, code in enumerate(codes):
        quadrant, step = divmod(index, size)
        position = step + 1 if quadrant % 2 else size - step
        found[code] = _Tooth(quadrant, position, primary)
    return found


PERMANENT = tuple(str(number) for number in range(1, 33))
PRIMARY = tuple("ABCDEFGHIJKLMNOPQRST")

_BASE = _walk(PERMANENT, 8, primary=False) | _walk(PRIMARY, 5, primary=True)
SUPERNUMERARY = tuple(str(int(code) + 50) for code in PERMANENT) + tuple(
    code + "S" for code in PRIMARY
)
ALL = PERMANENT + PRIMARY + SUPERNUMERARY

_EXTRA_OF = dict(zip(PERMANENT + PRIMARY, SUPERNUMERARY, strict=True))
_TEETH = _BASE | {
    extra: replace(_BASE[code], supernumerary=True) for code, extra in _EXTRA_OF.items()
}
_ORDER = {code: index for index, code in enumerate(ALL)}

# Left to right as the dentist sees the patient: the patient's right is on the left.
CHART_ROWS = {
    "upper_permanent": PERMANENT[:16],
    "upper_primary": PRIMARY[:10],
    "lower_primary": PRIMARY[:9:-1],
    "lower_permanent": PERMANENT[:15:-1],
}


def is_tooth(code: str) -> bool:
    """Whether `code` is a canonical (Universal) code, exactly as stored."""
    return code in _TEETH


def _tooth(code: str) -> _Tooth:
    if code not in _TEETH:
        raise UnknownTooth(_sentence(code, "universal"))
    return _TEETH[code]


def _sentence(written: str, numbering: str) -> str:
    shown = written if len(written) <= 20 else written[:20] + "…"
    return (
        f"“{shown}” is not a tooth in {NUMBERINGS[numbering]} numbering. "
        f"Write {_RANGES[numbering]}, with commas between them."
    )


def label(code: str, numbering: str) -> str:
    """Show the canonical `code` in `numbering` (a key of NUMBERINGS): "14", "26" or "UL6".

    Primary teeth in Palmer carry the letters A to E ("URE"), as a digit would name the permanent
    tooth. ISO 3950 and Palmer have no code for supernumerary teeth: the neighbour's code with an
    S behind stands for them ("18S", "UR8S"). Raises UnknownTooth, and KeyError for a numbering
    that does not exist.
    """
    tooth = _tooth(code)
    return _LABELS[numbering](code, tooth)


def labels(codes: Iterable[str], numbering: str) -> str:
    """Show canonical codes in `numbering`, as `label` does each, in their order: "3, 14"."""
    return ", ".join(label(code, numbering) for code in codes)


def _fdi(code: str, tooth: _Tooth) -> str:
    quadrant = tooth.quadrant + (5 if tooth.primary else 1)
    return f"{quadrant}{tooth.position}" + ("S" if tooth.supernumerary else "")


def _palmer(code: str, tooth: _Tooth) -> str:
    quadrant = "".join(word[0].upper() for word in _QUADRANTS[tooth.quadrant])
    position = "ABCDE"[tooth.position - 1] if tooth.primary else str(tooth.position)
    return quadrant + position + ("S" if tooth.supernumerary else "")


_LABELS = {"universal": lambda code, tooth: code, "fdi": _fdi, "palmer": _palmer}


def name(code: str) -> str:
    """The tooth in words: "upper left first molar". Raises UnknownTooth."""
    tooth = _tooth(code)
    names = _PRIMARY_NAMES if tooth.primary else _PERMANENT_NAMES
    place = " ".join((*_QUADRANTS[tooth.quadrant], names[tooth.position - 1]))
    return f"supernumerary tooth near the {place}" if tooth.supernumerary else place


def supernumerary(code: str) -> str:
    """The code of the supernumerary tooth counted by the tooth `code`: "51" for "1".

    Raises UnknownTooth for a code that is not permanent or primary.
    """
    if code not in _EXTRA_OF:
        raise UnknownTooth(_sentence(code, "universal"))
    return _EXTRA_OF[code]


def arch(code: str) -> str:
    """ "upper" or "lower". Raises UnknownTooth."""
    return _QUADRANTS[_tooth(code).quadrant][0]


def arches(codes: Iterable[str]) -> set[str]:
    """The arches that these teeth stand in. Raises UnknownTooth."""
    return {arch(code) for code in codes}


def sort_teeth(codes: Iterable[str]) -> list[str]:
    """Each tooth once, in the order of ALL (permanent, primary, supernumerary).

    Raises UnknownTooth.
    """
    for code in (codes := set(codes)):
        _tooth(code)
    return sorted(codes, key=_ORDER.__getitem__)


_READ = {numbering: {label(code, numbering): code for code in ALL} for numbering in NUMBERINGS}


def codes_labelled(word: str, numbering: str) -> list[str]:
    """The canonical code that `word` shows in `numbering`, in a list; [] when it is no tooth.

    For a search, where a word may be a tooth or anything else. Small letters are taken.
    """
    code = _READ[numbering].get(word.upper())
    return [code] if code else []


def parse(text: str, numbering: str) -> list[str]:
    """Read teeth typed in `numbering` and return canonical codes, sorted, each once.

    Commas, semicolons and white space separate; small letters are taken; ranges are not.
    Raises UnknownTooth on the first word that is no tooth in this numbering.
    """
    found = []
    for word in filter(None, re.split(r"[\s,;]+", text)):
        codes = codes_labelled(word, numbering)
        if not codes:
            raise UnknownTooth(_sentence(word, numbering))
        found += codes
    return sort_teeth(found)
