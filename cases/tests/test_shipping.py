from datetime import date

import holidays
import pytest

from cases.shipping import after_planning, arrival, is_business_day, ship_date

FLORIDA = holidays.country_holidays("US", subdiv="FL")


@pytest.mark.parametrize(
    ("submitted", "days", "ships"),
    [
        (date(2026, 3, 2), 1, date(2026, 3, 3)),  # Monday
        (date(2026, 3, 2), 5, date(2026, 3, 9)),
        (date(2026, 3, 6), 1, date(2026, 3, 9)),  # Friday
        (date(2026, 3, 7), 1, date(2026, 3, 9)),  # Saturday
        (date(2026, 3, 8), 1, date(2026, 3, 9)),  # Sunday
        (date(2026, 3, 6), 0, date(2026, 3, 6)),
        (date(2026, 3, 7), 0, date(2026, 3, 9)),
        (date(2026, 11, 25), 2, date(2026, 12, 1)),  # over Thanksgiving and the day after
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 4)),  # into a year not looked up before
    ],
)
def test_a_case_ships_so_many_business_days_after_the_last_submit(submitted, days, ships):
    assert ship_date(submitted, days, FLORIDA) == ships


def test_a_late_planning_session_ships_after_the_manufacturing_days():
    thursday = date(2026, 7, 2)
    assert after_planning(thursday, 2, FLORIDA) == date(2026, 7, 7)  # 3 July is observed
    assert after_planning(thursday, 2, set()) == date(2026, 7, 6)


def test_weekends_and_holidays_are_no_business_days():
    assert is_business_day(date(2026, 7, 2), FLORIDA)
    assert not is_business_day(date(2026, 7, 3), FLORIDA)
    assert not is_business_day(date(2026, 7, 4), set())
    assert not is_business_day(date(2026, 7, 5), set())


def test_negative_days_are_refused():
    with pytest.raises(ValueError, match="cannot be negative: -1"):
        ship_date(date(2026, 3, 2), -1, set())


def test_a_parcel_is_surely_there_after_two_business_days():
    assert arrival(date(2026, 12, 11), set()) == date(2026, 12, 15)  # over a weekend
    assert arrival(date(2026, 7, 1), FLORIDA) == date(2026, 7, 6)
