from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.utils import timezone

from scheduling import opening, periodic, services
from scheduling.models import Block, DayOff, WorkingHours
from scheduling.tests import make
from scheduling.tests.make import NOW

pytestmark = pytest.mark.django_db
MONDAY_TO_FRIDAY = [(weekday, 9, 12) for weekday in range(5)]
NEW_YORK = ZoneInfo("America/New_York")


def starts(planner):
    return [timezone.localtime(block.starts_at, planner.zone) for block in planner.blocks.all()]


def test_weekly_hours_become_blocks_on_the_planners_clock():
    west = make.planner(hours=[(1, 9, 11)], time_zone="America/Los_Angeles")
    assert opening.open_blocks(NOW, 1) == 2
    assert starts(west) == [
        datetime(2026, 11, 3, hour, tzinfo=ZoneInfo("America/Los_Angeles")) for hour in (9, 10)
    ]


def test_a_second_run_adds_nothing():
    make.planner(hours=MONDAY_TO_FRIDAY)
    first = opening.open_blocks(NOW, 6)
    assert first == Block.objects.count() > 70
    assert opening.open_blocks(NOW, 6) == 0
    assert opening.open_blocks(NOW + timedelta(days=7), 6) == 15
    assert Block.objects.count() == first + 15


def test_holidays_and_days_off_have_no_blocks():
    ann = make.planner(hours=MONDAY_TO_FRIDAY)
    DayOff.objects.create(planner=ann, first=date(2026, 11, 9), last=date(2026, 11, 10))
    opening.open_blocks(NOW, 4)
    days = {moment.date() for moment in starts(ann)}
    # Veterans Day is Wednesday, November 11; Thanksgiving is Thursday, November 26.
    assert not days & {date(2026, 11, day) for day in (9, 10, 11, 26)}
    assert {date(2026, 11, 12), date(2026, 11, 25), date(2026, 11, 27)} <= days


def test_days_on_which_the_lab_is_closed_have_no_blocks_and_half_days_a_morning(settings):
    ann = make.planner(hours=[(weekday, 10, 14) for weekday in range(5)])
    opening.open_blocks(NOW, 4)
    settings.LAB_CLOSED_DAYS, settings.LAB_HALF_DAYS = ["11-12"], ["2026-11-25"]
    opening.open_blocks(NOW, 4)
    offered = [timezone.localtime(block.starts_at, ann.zone) for block in Block.objects.free(NOW)]
    assert date(2026, 11, 12) not in {moment.date() for moment in offered}
    half = [moment.hour for moment in offered if moment.date() == date(2026, 11, 25)]
    assert half == [10, 11]


def test_nothing_is_opened_in_the_past():
    ann = make.planner(hours=[(0, 8, 12)])
    # Monday, 9:30 AM at the lab.
    opening.open_blocks(NOW + timedelta(minutes=30), 1)
    assert [moment.hour for moment in starts(ann)] == [10, 11]


def test_blocks_keep_their_wall_time_when_the_clocks_change():
    ann = make.planner(hours=[(6, 9, 10)])
    opening.open_blocks(datetime(2026, 10, 20, 12, tzinfo=UTC), 3)
    assert [(moment.day, moment.hour, moment.tzname()) for moment in starts(ann)] == [
        (25, 9, "EDT"),
        (1, 9, "EST"),
        (8, 9, "EST"),
    ]


def test_what_overlaps_a_block_of_the_planner_is_left_out():
    ann = make.planner(hours=[(1, 9, 12)])
    make.block(ann, datetime(2026, 11, 3, 9, 30, tzinfo=NEW_YORK))
    assert opening.open_blocks(NOW, 1) == 1
    assert [(moment.hour, moment.minute) for moment in starts(ann)] == [(9, 30), (11, 0)]


def test_shorter_blocks_do_not_fill_longer_ones():
    ann = make.planner(hours=[(1, 9, 11)])
    opening.open_blocks(NOW, 1)
    ann.block_minutes = 30
    ann.save(update_fields=["block_minutes"])
    assert opening.open_blocks(NOW, 1) == 0


def test_two_planners_have_the_same_hours_each():
    make.planner(hours=[(1, 9, 10)])
    make.planner("Ben Ray", "ben@lab.example", hours=[(1, 9, 10)])
    assert opening.open_blocks(NOW, 1) == 2


def test_a_planner_who_left_gets_no_blocks():
    make.planner(hours=MONDAY_TO_FRIDAY, is_active=False)
    assert opening.open_blocks(NOW, 6) == 0


def test_a_withdrawn_block_is_not_opened_again():
    ann = make.planner(hours=[(1, 9, 10)])
    opening.open_blocks(NOW, 1)
    Block.objects.update(is_open=False)
    assert opening.open_blocks(NOW, 1) == 0
    assert not Block.objects.free(NOW).exists()
    assert ann.blocks.count() == 1


def test_a_day_off_withdraws_free_blocks_and_leaves_a_booked_one(harbor, dentist):
    ann = make.planner(hours=[(1, 9, 11)])
    opening.open_blocks(NOW, 1)
    booked = services.book(ann.blocks.first(), make.case(harbor), by=dentist, now=NOW).block
    DayOff.objects.create(planner=ann, first=date(2026, 11, 3), last=date(2026, 11, 3))
    assert opening.withdraw_on_days_off(ann, NOW) == 1
    assert list(ann.blocks.filter(is_open=True)) == [booked]
    assert not Block.objects.free(NOW).exists()


def test_the_command_says_how_many_were_opened():
    ann = make.planner()
    for weekday in range(7):
        WorkingHours.objects.create(planner=ann, weekday=weekday, start=time(9), end=time(17))
    out = StringIO()
    call_command("open_blocks", weeks=6, stdout=out)
    opened = Block.objects.count()
    assert opened > 200
    assert out.getvalue() == f"Opened {opened} blocks in the next 6 weeks.\n"
    call_command("open_blocks", stdout=out)
    assert out.getvalue().endswith("Opened 0 blocks in the next 6 weeks.\n")


def test_the_command_refuses_a_silly_number_of_weeks():
    with pytest.raises(CommandError, match="from 1 to 52"):
        call_command("open_blocks", weeks=0)


def test_the_daily_task_opens_blocks():
    make.planner(hours=MONDAY_TO_FRIDAY)
    periodic.open_blocks()
    assert Block.objects.exists()


def test_a_block_typed_over_another_is_refused(ann):
    first = make.block(ann)
    second = Block(
        planner=ann,
        starts_at=first.starts_at + timedelta(minutes=30),
        ends_at=first.ends_at + timedelta(minutes=30),
    )
    with pytest.raises(ValidationError, match="another block"):
        second.full_clean()
    second.starts_at, second.ends_at = first.ends_at, first.ends_at + timedelta(hours=1)
    second.full_clean()


def hours_of(planner, start, end, weekday=1):
    row = WorkingHours(planner=planner, weekday=weekday, start=time(*start), end=time(*end))
    row.full_clean()
    row.save()


def test_a_planners_day_may_end_at_midnight_and_after_it(ann):
    ben = make.planner("Ben Ray", "ben@lab.example")
    hours_of(ann, (20, 0), (0, 0))
    hours_of(ben, (22, 0), (2, 0))
    assert opening.open_blocks(NOW, 1) == 8
    assert [f"{moment:%a %H:%M}" for moment in starts(ann)] == [
        f"Tue {hour}:00" for hour in (20, 21, 22, 23)
    ]
    assert timezone.localtime(ann.blocks.last().ends_at, NEW_YORK) == datetime(
        2026, 11, 4, tzinfo=NEW_YORK
    )
    nights = [f"{moment:%a %H:%M}" for moment in starts(ben)]
    assert nights == ["Tue 22:00", "Tue 23:00", "Wed 00:00", "Wed 01:00"]


def test_the_night_that_began_yesterday_goes_on_today(ann):
    hours_of(ann, (22, 0), (2, 0), weekday=0)
    opening.open_blocks(datetime(2026, 11, 3, 0, 30, tzinfo=NEW_YORK), 1)
    assert [f"{moment:%a %H:%M}" for moment in starts(ann)][:2] == ["Tue 01:00", "Mon 22:00"]


def test_hours_that_last_no_time_are_refused(ann):
    with pytest.raises(ValidationError, match="another time than"):
        hours_of(ann, (9, 0), (9, 0))
