"""The lab's own calendar."""

from datetime import time
from functools import cache
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings
from django.utils import timezone

NOON = time(12)


@cache
def _public_holidays():
    return holidays.country_holidays(settings.LAB_COUNTRY, subdiv=settings.LAB_SUBDIVISION or None)


def _is_named(day, days):
    return f"{day:%Y-%m-%d}" in days or f"{day:%m-%d}" in days


class ClosedDays:
    """Public holidays and LAB_CLOSED_DAYS; any date can be looked up with `in`."""

    def __contains__(self, day):
        return day in _public_holidays() or _is_named(day, settings.LAB_CLOSED_DAYS)


class RestDays(ClosedDays):
    """The same and LAB_HALF_DAYS, which no promise counts as a day of work."""

    def __contains__(self, day):
        return super().__contains__(day) or _is_named(day, settings.LAB_HALF_DAYS)


def is_closed(starts_at, ends_at, zone):
    """Whether nobody works then: on a closed day, or after noon of a half day, both in `zone`."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if begins.date() in ClosedDays():
        return True
    is_morning = ends.date() == begins.date() and ends.time() <= NOON
    return _is_named(begins.date(), settings.LAB_HALF_DAYS) and not is_morning


def today(now):
    """The date at the lab at the moment `now`."""
    return timezone.localtime(now, ZoneInfo(settings.LAB_TIME_ZONE)).date()
