"""Opening blocks from the planners' weekly hours."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from portal import lab_calendar
from scheduling import hours
from scheduling.models import Block, Planner

# How far ahead dentists can choose.
WEEKS = 6


def open_blocks(now, weeks, planners=None):
    """Open blocks of the next `weeks` weeks for active planners; returns how many are new.

    Public holidays of the lab and days off have none; what overlaps a block of the planner,
    withdrawn ones too, is left out, so that a second run adds nothing. Free blocks on a day that
    the planner has taken off since are withdrawn.
    """
    planners = Planner.objects.all() if planners is None else planners
    active = planners.filter(is_active=True).prefetch_related("hours", "days_off")
    return sum(_open_for(planner, now, weeks) for planner in active)


def _open_for(planner, now, weeks):
    # The night of yesterday may go on into today.
    first = timezone.localtime(now, planner.zone).date() - timedelta(days=1)
    days = 7 * weeks + 1
    off = _days_off(planner, first, days)
    with transaction.atomic():
        # Two runs at once take turns; the second one finds the blocks of the first.
        Planner.objects.select_for_update().get(pk=planner.pk)
        withdraw_on_days_off(planner, now)
        wanted = hours.free_blocks(
            _weekly(planner), planner.block_minutes, planner.time_zone, first, days, off
        )
        there = list(planner.blocks.filter(ends_at__gt=now).values_list("starts_at", "ends_at"))
        new = [
            Block(planner=planner, starts_at=starts_at, ends_at=ends_at)
            for starts_at, ends_at in wanted
            if starts_at > now
            and not _overlaps(starts_at, ends_at, there)
            and not lab_calendar.is_closed(starts_at, ends_at, planner.zone)
        ]
        Block.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def is_in_weekly_hours(block):
    """Whether a block is where the planner's hours open one, again if this one goes."""
    planner = block.planner
    day = timezone.localtime(block.starts_at, planner.zone).date() - timedelta(days=1)
    off = _days_off(planner, day, 3)
    wanted = hours.free_blocks(
        _weekly(planner), planner.block_minutes, planner.time_zone, day, 3, off
    )
    is_wanted = planner.is_active and _overlaps(block.starts_at, block.ends_at, wanted)
    return is_wanted and not lab_calendar.is_closed(block.starts_at, block.ends_at, planner.zone)


def _weekly(planner):
    return [hours.Hours(row.weekday, row.start, row.end) for row in planner.hours.all()]


def _days_off(planner, first, days):
    """Dates from `first` on, on the planner's calendar, without planning sessions."""
    dates = (first + timedelta(days=number) for number in range(days))
    holidays, own = lab_calendar.ClosedDays(), planner.days_off.all()
    return {
        date for date in dates if date in holidays or any(o.first <= date <= o.last for o in own)
    }


def _overlaps(starts_at, ends_at, there):
    return any(starts_at < end and start < ends_at for start, end in there)


def withdraw_on_days_off(planner, now):
    """Stop offering free blocks on days off, the lab's too; booked ones stay. Returns how many."""
    off = days_off_of(planner)
    gone = [
        block.pk
        for block in Block.objects.free(now).filter(planner=planner)
        if _is_off(block, planner, off)
    ]
    return Block.objects.filter(pk__in=gone).update(is_open=False, is_day_off=True)


def open_after_days_off(planner, now):
    """Offer the blocks again that went with a day off which is none any more, and open new ones.

    Returns how many. What was withdrawn by hand stays so.
    """
    off = days_off_of(planner)
    gone = Block.objects.filter(planner=planner, is_day_off=True, starts_at__gt=now)
    back = [block.pk for block in gone if not _is_off(block, planner, off)]
    offered = Block.objects.filter(pk__in=back).update(is_open=True, is_day_off=False)
    return offered + open_blocks(now, WEEKS, Planner.objects.filter(pk=planner.pk))


def days_off_of(planner):
    """The first and last day of each of the planner's times off."""
    return [(off.first, off.last) for off in planner.days_off.all()]


def _is_off(block, planner, off):
    """Whether the planner, with the days off of `off`, or the lab does not work in a block."""
    is_closed = lab_calendar.is_closed(block.starts_at, block.ends_at, planner.zone)
    return is_closed or falls_on(block, planner, off)


def falls_on(block, planner, off):
    """Whether a block, or the night it belongs to, is on a day of `off`, as (first, last)."""
    return any(first <= day <= last for day in _days_of(block, planner) for first, last in off)


def _days_of(block, planner):
    starts_at = timezone.localtime(block.starts_at, planner.zone)
    day, before = starts_at.date(), starts_at.date() - timedelta(days=1)
    nights = [one for one in planner.hours.all() if one.end <= one.start]
    in_night = any(
        night.weekday == before.weekday() and starts_at.time() < night.end for night in nights
    )
    return [day, before] if in_night else [day]
