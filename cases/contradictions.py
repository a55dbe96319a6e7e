"""What contradicts itself in a case: asked about before it is sent, and shown to the lab.

Each is a sentence over plain values; who asks fetches them, see `cases.asking`. None forbids
anything: people know more than a form.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from cases import filetypes, readiness
from cases.teeth_in_text import teeth_named

_SHOWN = 3  # files or teeth of one sentence


@dataclass(frozen=True)
class Contradiction:
    """A sentence, and a `key` that stays the same while it is about the same."""

    key: str
    text: str
    is_about_dates: bool = False


def of_dates(ship: date | None, surgery: date | None, there: date | None) -> Contradiction | None:
    """A surgery before the guide can be there; `there` is the first day on which it surely is."""
    if ship is None or surgery is None or surgery >= there:
        return None
    ships, operated = _days(ship, surgery)
    if surgery < ship:
        text = (
            f"The guide ships on {ships}, after the surgery on {operated}. One of them has to move."
        )
    elif surgery == ship:
        text = f"The guide ships on {ships}, the day of the surgery. One of them has to move."
    else:
        text = f"The guide ships on {ships}, just before the surgery on {operated}. It may be late."
    return Contradiction(f"dates {ship} {surgery}", text, is_about_dates=True)


def _days(*days):
    """ "Dec 11", with the year where the years differ."""
    is_one_year = len({day.year for day in days}) == 1
    return [f"{day:%b} {day.day}" + ("" if is_one_year else f", {day.year}") for day in days]


def of_same_work(number: str, ago: timedelta) -> Contradiction:
    """Another case of the practice for the same patient and a tooth of this one."""
    text = f"Case {number} for this patient and tooth was sent {_ago(ago)}."
    return Contradiction(f"same {number}", text)


def is_same_patient(name: str, other: str) -> bool:
    """Whether two folded names have the same words, the last name first or not."""
    return bool(name) and sorted(name.split()) == sorted(other.split())


def _ago(ago: timedelta) -> str:
    minutes = int(ago.total_seconds()) // 60
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if count := minutes // size:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def of_teeth(text: str, chosen: Iterable[str], numbering: str) -> Contradiction | None:
    """Teeth that a description names while none of them is among the `chosen` codes."""
    named = teeth_named(text, numbering)
    if not named or not chosen or {tooth.code for tooth in named} & {*chosen}:
        return None
    labels = list(dict.fromkeys(tooth.label for tooth in named))
    verb = "is" if len(labels) == 1 else "are"
    sentence = f"{_joined(labels)} {verb} named in the description and not chosen."
    return Contradiction(f"teeth {labels} {sorted(chosen)}", sentence)


# What is wrong with the files of one sort: what it says of one, and of several.
_UNREAD = {
    "program": ("is a program, and no lab reads it.", "are programs, and no lab reads them."),
    "shortcut": (
        "is a shortcut to a file that did not come with it.",
        "are shortcuts to files that did not come with them.",
    ),
    "page": ("is a web page, and no lab reads it.", "are web pages, and no lab reads them."),
    "no scan": (
        "is named like a scan and holds something else.",
        "are named like scans and hold something else.",
    ),
    "misnamed": (
        "holds something else than its name says.",
        "hold something else than their names say.",
    ),
}


def of_files(files: Iterable[tuple[str, str]]) -> list[Contradiction]:
    """Files that no lab reads, of pairs of name and kind; "" is a kind that is not known yet."""
    sorts: dict[str, list[str]] = {}
    for name, kind in files:
        if sort := filetypes.why_unread(name, kind):
            sorts.setdefault(sort, []).append(name)
    return [_of_sort(sort, names) for sort, names in sorts.items()]


def of_patients(patient: str, files: Iterable[readiness.File]) -> list[Contradiction]:
    """Files in which the name of somebody else stands; each by itself, with that name."""
    return [
        Contradiction(f"patient {file.name} {patient}", readiness.of_another_patient(file, patient))
        for file in files
        if readiness.is_of_another(file, patient)
    ]


def _of_sort(sort, names):
    one, several = _UNREAD[sort]
    more = len(names) - _SHOWN
    shown = [f"“{name}”" for name in names[:_SHOWN]] + ([f"{more} more"] if more > 0 else [])
    text = f"{_joined(shown)} {one if len(names) == 1 else several}"
    return Contradiction(f"files {sort} {sorted(names)}", text)


def _joined(words):
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def token(found: Iterable[Contradiction]) -> str:
    """What the page sends along to say which of them were asked about."""
    return " ".join(sorted(map(_mark, found)))


def is_answered(found: Iterable[Contradiction], asked: str) -> bool:
    """Whether all of them were asked about; what was put right meanwhile does not matter."""
    return {_mark(one) for one in found} <= set(asked.split())


def _mark(one):
    return hashlib.sha256(one.key.encode()).hexdigest()[:16]
