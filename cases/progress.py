"""The one table of progress: what each means, asks of the dentist and may become.

The names, their colours and what each asks come from the user manual, "Listing Cases Under
Account". The list is declared in the order in which the dentist must act, and the value of each
is its sort key, so the default order of the list is one index.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.db import models


class Progress(models.IntegerChoices):
    MISSING = 10, "Missing CBCT/Models"
    NO_SHOW = 20, "Planning No Show"
    READY = 30, "Ready to Plan"
    PROCESSING = 40, "Processing"
    RECEIVED = 50, "Received"
    SCHEDULED = 60, "Planning Scheduled"
    MANUFACTURING = 70, "Manufacturing"
    FINISHED = 80, "Finished"
    SHIPPED = 90, "Shipped"
    ON_HOLD = 100, "On Hold"
    CANCELLED = 110, "Cancelled"

    @property
    def colour(self):
        return MEANINGS[self].colour

    @property
    def meaning(self):
        return MEANINGS[self].meaning

    @property
    def asks(self):
        return MEANINGS[self].asks

    @property
    def icon(self):
        return MEANINGS[self].icon


class Colour(StrEnum):
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    WHITE = "white"

    @property
    def meaning(self):
        return _COLOURS[self]


_COLOURS = {
    Colour.RED: "Needs you now. The case is on hold and has no ship date until you act. "
    "An update sets it to Processing and gives it a new, later ship date.",
    Colour.YELLOW: "May need you, or has not been looked at by us yet. "
    "Nothing is known to be wrong or missing.",
    Colour.GREEN: "Moving along, nothing to do for you. "
    "Early on it may still turn red when we find that something is missing.",
    Colour.WHITE: "Being made, shipped, cancelled or on hold. It does not need you.",
}


@dataclass(frozen=True)
class Meaning:
    colour: Colour
    icon: str
    meaning: str
    asks: str


MEANINGS = {
    Progress.MISSING: Meaning(
        Colour.RED,
        "exclamation-octagon-fill",
        "Records are missing. The case is on hold, and its ship date is set again once we "
        "have them.",
        "Upload what is listed on the record, or send it through iTero, MeditLink or by post.",
    ),
    Progress.NO_SHOW: Meaning(
        Colour.RED,
        "calendar-x",
        "The virtual planning session was missed. The case is on hold.",
        "Schedule another planning session, or contact us.",
    ),
    Progress.READY: Meaning(
        Colour.YELLOW,
        "calendar-plus",
        "Everything is here. A virtual planning session should be booked as soon as possible.",
        "Schedule a planning session.",
    ),
    Progress.PROCESSING: Meaning(
        Colour.YELLOW,
        "hourglass-split",
        "Your case has arrived. It becomes Received once its files are in our design system.",
        "Nothing. We have not looked at it yet.",
    ),
    Progress.RECEIVED: Meaning(
        Colour.GREEN,
        "check-circle-fill",
        "We have your files and check them for missing details. If all is in order, the case "
        "becomes Ready to Plan within a few days.",
        "Nothing.",
    ),
    Progress.SCHEDULED: Meaning(
        Colour.GREEN,
        "calendar-check",
        "You have chosen a date for the virtual planning session.",
        "Install TeamViewer, put the date into your calendar and be there.",
    ),
    Progress.MANUFACTURING: Meaning(
        Colour.WHITE,
        "tools",
        "The guide is being milled, printed or finished. It should ship within 2-7 days.",
        "Nothing.",
    ),
    Progress.FINISHED: Meaning(
        Colour.WHITE, "box-seam", "The guide is finished and should ship the next day.", "Nothing."
    ),
    Progress.SHIPPED: Meaning(
        Colour.WHITE,
        "truck",
        "The case is on its way. The record has the tracking link.",
        "Nothing.",
    ),
    Progress.ON_HOLD: Meaning(
        Colour.WHITE,
        "pause-circle-fill",
        "The case rests, as agreed with you. It has no ship date.",
        "Nothing. Write to us when it should go on.",
    ),
    Progress.CANCELLED: Meaning(
        Colour.WHITE, "x-circle-fill", "The case was cancelled.", "Nothing. You may archive it."
    ),
}


def of_colour(*colours):
    """The progress values of the given colours, in order."""
    return [progress for progress in Progress if progress.colour in colours]


RED = of_colour(Colour.RED)
# The dentist has something to do. Processing is yellow too, but waits for the lab.
NEEDS_DENTIST = [*RED, Progress.READY]
READ_ONLY = of_colour(Colour.WHITE)
SCHEDULABLE = [Progress.READY, Progress.NO_SHOW]
OVER = [Progress.SHIPPED, Progress.CANCELLED]
# What waits for the lab comes first in its own list: not looked at, being checked, to be sent.
LAB_ORDER = [
    Progress.PROCESSING,
    Progress.RECEIVED,
    Progress.FINISHED,
    Progress.MANUFACTURING,
    Progress.SCHEDULED,
    Progress.READY,
    Progress.MISSING,
    Progress.NO_SHOW,
    Progress.ON_HOLD,
    Progress.SHIPPED,
    Progress.CANCELLED,
]
# No ship date is promised while nothing moves.
WITHOUT_SHIP_DATE = [*RED, Progress.ON_HOLD, Progress.CANCELLED]


class Who(StrEnum):
    DENTIST = "dentist"
    BOOKING = "booking"
    LAB = "lab"


_P = Progress
_LAB_MOVES = {
    _P.MISSING: {_P.PROCESSING, _P.RECEIVED, _P.READY},
    _P.NO_SHOW: {_P.MISSING, _P.RECEIVED, _P.READY, _P.MANUFACTURING},
    _P.READY: {_P.MISSING, _P.RECEIVED, _P.MANUFACTURING},
    _P.PROCESSING: {_P.MISSING, _P.RECEIVED, _P.READY, _P.MANUFACTURING},
    _P.RECEIVED: {_P.MISSING, _P.PROCESSING, _P.READY, _P.MANUFACTURING},
    _P.SCHEDULED: {_P.MISSING, _P.NO_SHOW, _P.READY, _P.RECEIVED, _P.MANUFACTURING},
    _P.MANUFACTURING: {_P.MISSING, _P.RECEIVED, _P.READY, _P.FINISHED, _P.SHIPPED},
    _P.FINISHED: {_P.MANUFACTURING, _P.SHIPPED},
    _P.SHIPPED: {_P.MANUFACTURING, _P.FINISHED},
    _P.ON_HOLD: {_P.MISSING, _P.PROCESSING, _P.RECEIVED, _P.READY, _P.MANUFACTURING},
    _P.CANCELLED: {_P.PROCESSING},
}
_STOPS = {_P.ON_HOLD, _P.CANCELLED}


def moves(who):
    """All moves that `who` may make, as a dict of progress to the set it may become."""
    if who == Who.DENTIST:
        return {progress: {_P.PROCESSING} for progress in RED}
    if who == Who.BOOKING:
        return {progress: {_P.SCHEDULED} for progress in SCHEDULABLE}
    return {now: (to | _STOPS) - {now, *_closed(now)} for now, to in _LAB_MOVES.items()}


def _closed(now):
    # What has left the house can be corrected, but neither held nor cancelled.
    return _STOPS if now == _P.SHIPPED else set()


def may_move(who, now, to):
    """Whether a case may go from `now` to `to` by the hand of `who`."""
    return to in moves(who).get(now, set())
