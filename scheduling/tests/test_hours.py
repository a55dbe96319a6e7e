from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from scheduling.hours import Hours, free_blocks

NEW_YORK = "America/New_York"
MONDAY, TUESDAY, SUNDAY = 0, 1, 6
SPRING = date(2026, 3, 8)  # 02:00 EST becomes 03:00 EDT
AUTUMN = date(2026, 11, 1)  # 02:00 EDT becomes 01:00 EST


def utc(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), UTC)


def starts_on(day, start, end, minutes):
    blocks = free_blocks([Hours(SUNDAY, start, end)], minutes, NEW_YORK, day, 1, set())
    assert all(ends - starts == timedelta(minutes=minutes) for starts, ends in blocks)
    assert all(a[1] <= b[0] for a, b in pairwise(blocks))
    return [starts for starts, _ in blocks]


def test_hours_are_cut_into_blocks_and_a_short_rest_is_left():
    monday = date(2026, 1, 5)
    blocks = free_blocks([Hours(MONDAY, time(9), time(10, 50))], 30, NEW_YORK, monday, 1, set())
    assert blocks == [
        (utc(monday, 14), utc(monday, 14, 30)),
        (utc(monday, 14, 30), utc(monday, 15)),
        (utc(monday, 15), utc(monday, 15, 30)),
    ]


def test_weekdays_repeat_over_the_weeks_without_days_off():
    weekly = [Hours(TUESDAY, time(9), time(10)), Hours(MONDAY, time(13), time(14))]
    off = {date(2026, 1, 12)}
    blocks = free_blocks(weekly, 60, NEW_YORK, date(2026, 1, 5), 14, off)
    assert [starts for starts, _ in blocks] == [
        utc(date(2026, 1, 5), 18),
        utc(date(2026, 1, 6), 14),
        utc(date(2026, 1, 13), 14),
    ]


@pytest.mark.parametrize(
    ("change", "before", "after"), [(SPRING, 14, 13), (AUTUMN, 13, 14)], ids=["spring", "autumn"]
)
def test_nine_o_clock_stays_nine_o_clock_over_a_change_of_clocks(change, before, after):
    friday, monday = change - timedelta(days=2), change + timedelta(days=1)
    weekly = [Hours(weekday, time(9), time(10)) for weekday in (0, 4)]
    blocks = free_blocks(weekly, 60, NEW_YORK, friday, 4, set())
    assert [starts for starts, _ in blocks] == [utc(friday, before), utc(monday, after)]
    assert {starts.astimezone(ZoneInfo(NEW_YORK)).hour for starts, _ in blocks} == {9}


def test_a_wall_time_that_does_not_exist_is_left_out():
    assert starts_on(SPRING, time(1), time(4), 30) == [
        utc(SPRING, 6),  # 01:00 EST
        utc(SPRING, 6, 30),
        utc(SPRING, 7),  # 03:00 EDT
        utc(SPRING, 7, 30),
    ]


def test_a_block_over_the_missing_hour_keeps_its_length_and_overlaps_none():
    assert starts_on(SPRING, time(1), time(5), 45) == [
        utc(SPRING, 6),  # 01:00 EST
        utc(SPRING, 6, 45),  # 01:45 EST to 03:30 EDT; 03:15 would overlap it
        utc(SPRING, 8),  # 04:00 EDT
    ]


def test_no_block_ends_after_the_hours_on_a_short_night():
    assert starts_on(SPRING, time(1), time(3), 120) == []


def test_an_hour_that_comes_twice_is_used_once():
    assert starts_on(AUTUMN, time(0, 30), time(3), 30) == [
        utc(AUTUMN, 4, 30),  # 00:30 EDT
        utc(AUTUMN, 5),  # 01:00 EDT
        utc(AUTUMN, 5, 30),
        utc(AUTUMN, 7),  # 02:00 EST
        utc(AUTUMN, 7, 30),
    ]


def test_overlapping_hours_give_no_overlapping_blocks():
    monday = date(2026, 1, 5)
    weekly = [Hours(MONDAY, time(10, 30), time(12)), Hours(MONDAY, time(9), time(11))]
    blocks = free_blocks(weekly, 60, NEW_YORK, monday, 1, set())
    assert [starts for starts, _ in blocks] == [utc(monday, 14), utc(monday, 15)]


def blocks_of(start, end, minutes=60, weekday=MONDAY, days=7, off=(), first=date(2026, 1, 5)):
    """The starts and ends on the clock of New York, as day and hour."""
    weekly = [Hours(weekday, start, end)]
    blocks = free_blocks(weekly, minutes, NEW_YORK, first, days, set(off))
    clocks = ([moment.astimezone(ZoneInfo(NEW_YORK)) for moment in block] for block in blocks)
    return [(f"{begin:%d %H:%M}", f"{end:%d %H:%M}") for begin, end in clocks]


def test_a_day_may_end_at_midnight():
    assert blocks_of(time(20), time(0)) == [
        ("05 20:00", "05 21:00"),
        ("05 21:00", "05 22:00"),
        ("05 22:00", "05 23:00"),
        ("05 23:00", "06 00:00"),
    ]


def test_a_day_may_end_on_the_next_one():
    assert blocks_of(time(22), time(2)) == [
        ("05 22:00", "05 23:00"),
        ("05 23:00", "06 00:00"),
        ("06 00:00", "06 01:00"),
        ("06 01:00", "06 02:00"),
    ]


def test_a_block_may_go_over_midnight():
    assert blocks_of(time(22, 30), time(1), 90) == [("05 22:30", "06 00:00")]
    assert blocks_of(time(23, 30), time(1), 90) == [("05 23:30", "06 01:00")]


def test_a_night_is_off_with_the_day_on_which_it_begins_and_the_one_it_goes_into():
    monday, tuesday = date(2026, 1, 5), date(2026, 1, 6)
    assert blocks_of(time(22), time(2), off=[monday]) == []
    assert blocks_of(time(22), time(2), off=[tuesday]) == [
        ("05 22:00", "05 23:00"),
        ("05 23:00", "06 00:00"),
    ]


def test_the_hours_of_the_next_day_do_not_overlap_a_night():
    weekly = [Hours(MONDAY, time(22), time(2)), Hours(TUESDAY, time(1, 30), time(3, 30))]
    blocks = free_blocks(weekly, 60, NEW_YORK, date(2026, 1, 5), 7, set())
    assert all(a[1] <= b[0] for a, b in pairwise(blocks))
    assert len(blocks) == 5


@pytest.mark.parametrize(
    ("change", "hours"),
    [(SPRING, [22, 23, 0, 1, 3]), (AUTUMN, [22, 23, 0, 1, 2, 3])],
    ids=["spring", "autumn"],
)
def test_a_night_in_which_clocks_change_has_blocks_of_full_length(change, hours):
    weekly = [Hours(SUNDAY - 1, time(22), time(4))]
    blocks = free_blocks(weekly, 60, NEW_YORK, change - timedelta(days=1), 1, set())
    starts = [starts.astimezone(ZoneInfo(NEW_YORK)).hour for starts, _ in blocks]
    assert starts == hours
    assert all(ends - starts == timedelta(hours=1) for starts, ends in blocks)
    assert all(a[1] <= b[0] for a, b in pairwise(blocks))


def test_an_impossible_length_or_zone_is_refused():
    with pytest.raises(ValueError, match="at least one minute, not 0"):
        free_blocks([], 0, NEW_YORK, SPRING, 1, set())
    with pytest.raises(ZoneInfoNotFoundError):
        free_blocks([], 30, "America/Gotham", SPRING, 1, set())
