from datetime import UTC, datetime

import pytest
from django.template import Context, Template

from portal.writing import times

WINTER = datetime(2026, 12, 1, 19, 30, tzinfo=UTC)
NEW_YORK = "America/New_York"


@pytest.mark.parametrize(
    ("moment", "zone", "written"),
    [
        (WINTER, NEW_YORK, "Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)"),
        (WINTER, "Asia/Tokyo", "Wednesday, December 2, 2026, 4:30 AM JST (Asia/Tokyo)"),
        (
            datetime(2026, 7, 4, 16, 5, tzinfo=UTC),
            NEW_YORK,
            "Saturday, July 4, 2026, 12:05 PM EDT (America/New_York)",
        ),
        (
            datetime(2026, 7, 4, 4, 0, tzinfo=UTC),
            NEW_YORK,
            "Saturday, July 4, 2026, 12:00 AM EDT (America/New_York)",
        ),
    ],
)
def test_a_long_time_names_day_clock_and_zone(moment, zone, written):
    assert times.long_time(moment, zone) == written


def test_the_hour_that_comes_twice_is_told_apart_by_its_zone():
    first, second = (datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in (5, 6))
    assert times.clock(first, NEW_YORK) == "1:30 AM EDT"
    assert times.clock(second, NEW_YORK) == "1:30 AM EST"


def test_a_zone_without_letters_is_shown_by_its_distance_from_utc():
    assert times.clock(WINTER, "America/Sao_Paulo") == "4:30 PM UTC-03"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="needs a zone"):
        times.day(datetime(2026, 12, 1), NEW_YORK)


def test_the_filters_write_the_same_and_nothing_for_no_time():
    page = Template(
        "{% load times %}{{ at|long_time:zone }}|{{ at|short_time:zone }}|{{ at|day:zone }}|"
        "{{ at|clock:zone }}|{{ never|long_time:zone }}{{ never|short_time:zone }}"
        "{{ never|day:zone }}{{ never|clock:zone }}"
    )
    assert page.render(Context({"at": WINTER, "never": None, "zone": NEW_YORK})) == (
        "Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)|Dec 1, 2026, 2:30 PM EST|"
        "Tuesday, December 1, 2026|2:30 PM EST|"
    )


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-3, "0 seconds"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (47.9 * 3600, "47 hours"),
        (48 * 3600, "2 days"),
    ],
)
def test_a_span_is_told_in_one_unit_and_rounded_down(seconds, written):
    assert times.span(seconds) == written
