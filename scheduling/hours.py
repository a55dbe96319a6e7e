"""Cut a planner's weekly hours into blocks, right on the days when clocks change."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, order=True)
class Hours:
    """Working hours that begin on one weekday (0 is Monday), on the planner's clock.

    An end that is not after the start is on the next day; 00:00 is the midnight between the two.
    """

    weekday: int
    start: time
    end: time


def free_blocks(
    weekly: Iterable[Hours], minutes: int, zone: str, first: date, days: int, off: Container[date]
) -> list[tuple[datetime, datetime]]:
    """Return (start, end) in UTC of every block of `minutes` in `days` days from `first` on.

    Blocks start at the beginning of each of the `weekly` hours and every `minutes` after it on
    the clock of `zone` (an IANA name); a rest too short for a block is left. Days in `off` have
    none, nor has a night that begins on one of them. Where the clock jumps forward, a start that
    does not exist is left out; where it is set back, an hour that comes twice is used the first
    time only. A block always lasts `minutes` and none overlaps another, also where hours of a
    day do.

    Raises ValueError for minutes below 1 and ZoneInfoNotFoundError for an unknown zone.
    """
    if minutes < 1:
        raise ValueError(f"A block lasts at least one minute, not {minutes}.")
    weekly, clock, length = sorted(weekly), ZoneInfo(zone), timedelta(minutes=minutes)
    blocks = []
    for day in (first + timedelta(days=number) for number in range(days)):
        if day in off:
            continue
        hours_of_day = (hours for hours in weekly if hours.weekday == day.weekday())
        starts = {start for hours in hours_of_day for start in _starts(hours, day, length, clock)}
        starts = {start for start in starts if start.astimezone(clock).date() not in off}
        for start in sorted(starts):
            if not blocks or start >= blocks[-1][1]:
                blocks.append((start, start + length))
    return blocks


def _starts(hours: Hours, day: date, length: timedelta, clock: ZoneInfo) -> Iterator[datetime]:
    wall, closing = datetime.combine(day, hours.start), datetime.combine(day, hours.end)
    if closing <= wall:
        closing += timedelta(days=1)
    last_end = closing.replace(tzinfo=clock).astimezone(UTC)
    while wall + length <= closing:
        start = wall.replace(tzinfo=clock).astimezone(UTC)
        exists = start.astimezone(clock).replace(tzinfo=None) == wall
        if exists and start + length <= last_end:
            yield start
        wall += length
