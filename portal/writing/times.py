"""Times as people write them, with their zone; the same on pages, in mails and in calendars."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

YEARS = range(2000, 2101)


def long_time(moment: datetime, zone: str) -> str:
    """Return such as `Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)`.

    `moment` knows its own zone, `zone` is the IANA name of the zone to show it in.
    """
    return f"{day(moment, zone)}, {clock(moment, zone)} ({zone})"


def short_time(moment: datetime, zone: str) -> str:
    """Return such as `Dec 1, 2026, 2:30 PM EST`; arguments as for long_time."""
    return f"{short_date(moment, zone)}, {clock(moment, zone)}"


def short_date(moment: datetime, zone: str) -> str:
    """Return such as `Dec 1, 2026`; arguments as for long_time."""
    local = _local(moment, zone)
    return f"{local:%b} {local.day}, {local.year}"


def day(moment: datetime, zone: str) -> str:
    """Return such as `Tuesday, December 1, 2026`; arguments as for long_time."""
    local = _local(moment, zone)
    return f"{local:%A, %B} {local.day}, {local.year}"


def clock(moment: datetime, zone: str) -> str:
    """Return such as `2:30 PM EST`; arguments as for long_time."""
    local = _local(moment, zone)
    return f"{local.hour % 12 or 12}:{local:%M} {local:%p} {_abbreviation(local)}"


def span(seconds: float) -> str:
    """Return such as `40 seconds`, `1 minute`, `26 hours`, `3 days`, rounded down."""
    if seconds < 60:
        number, unit = seconds, "second"
    elif seconds < 3600:
        number, unit = seconds / 60, "minute"
    elif seconds < 48 * 3600:
        number, unit = seconds / 3600, "hour"
    else:
        number, unit = seconds / 86_400, "day"
    number = max(int(number), 0)
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _local(moment: datetime, zone: str) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"A time to show needs a zone: {moment.isoformat()}.")
    return moment.astimezone(ZoneInfo(zone))


def _abbreviation(local: datetime) -> str:
    # Zones without a name of their own, such as America/Sao_Paulo, are called "-03".
    name = local.tzname()
    return f"UTC{name}" if name[0] in "+-" else name


def check_years(**moments: datetime | None) -> None:
    """Refuse moments that no clock shows in every zone, such as the last day of the year 9999.

    The names are fields of a form or model. Raises ValidationError with a sentence for each.
    """
    refusal = f"Please choose a date in the years {YEARS[0]} to {YEARS[-1]}."
    if far := {name: refusal for name, at in moments.items() if at and at.year not in YEARS}:
        raise ValidationError(far)
