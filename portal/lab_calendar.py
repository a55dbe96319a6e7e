"""The lab's own calendar."""

from functools import cache
from zoneinfo import ZoneInfo

import holidays
from django.conf import settings
from django.utils import timezone


@cache
def public_holidays():
    """The holidays of LAB_COUNTRY and LAB_SUBDIVISION; any date can be looked up with `in`."""
    return holidays.country_holidays(settings.LAB_COUNTRY, subdiv=settings.LAB_SUBDIVISION or None)


def today(now):
    """The date at the lab at the moment `now`."""
    return timezone.localtime(now, ZoneInfo(settings.LAB_TIME_ZONE)).date()
