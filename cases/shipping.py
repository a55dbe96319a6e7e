"""When a case ships, in business days. Every date is a day in the lab's time zone."""

from collections.abc import Container
from datetime import date, timedelta

_DAY = timedelta(days=1)
_SATURDAY = 5
_PARCEL_DAYS = 2


def is_business_day(day: date, holidays: Container[date]) -> bool:
    """Whether the lab works on `day`: Monday to Friday and not in `holidays`."""
    return day.weekday() < _SATURDAY and day not in holidays


def ship_date(submitted: date, turnaround_days: int, holidays: Container[date]) -> date:
    """Return the day `turnaround_days` business days after the day of the last submit.

    Counting starts on the first business day after `submitted`; with 0 it is the first business
    day from `submitted` on. Raises ValueError for a negative number of days.
    """
    return _business_days_after(submitted, turnaround_days, holidays)


def after_planning(session: date, manufacturing_days: int, holidays: Container[date]) -> date:
    """Return the day `manufacturing_days` business days after a planning session's day.

    It replaces the ship date when the session is later than that. Counts as ship_date does.
    """
    return _business_days_after(session, manufacturing_days, holidays)


def arrival(shipped: date, holidays: Container[date]) -> date:
    """The first day on which a parcel surely is there: two business days after it was sent."""
    return _business_days_after(shipped, _PARCEL_DAYS, holidays)


def _business_days_after(day: date, count: int, holidays: Container[date]) -> date:
    if count < 0:
        raise ValueError(f"A number of business days cannot be negative: {count}.")
    for _ in range(count):
        day = _business_day_from(day + _DAY, holidays)
    return _business_day_from(day, holidays)


def _business_day_from(day: date, holidays: Container[date]) -> date:
    while not is_business_day(day, holidays):
        day += _DAY
    return day
