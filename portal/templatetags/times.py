"""Filters for times: `{{ block.starts_at|long_time:practice.time_zone }}`; "" for no time."""

from django import template
from django.utils.html import format_html

from portal.writing import times

register = template.Library()


@register.filter
def long_time(moment, zone):
    """Return such as `Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)`."""
    return times.long_time(moment, zone) if moment else ""


@register.filter
def short_time(moment, zone):
    """Return such as `Dec 1, 2026, 2:30 PM EST`."""
    return times.short_time(moment, zone) if moment else ""


@register.filter
def short_date(moment, zone):
    """Return such as `Dec 1, 2026`."""
    return times.short_date(moment, zone) if moment else ""


@register.filter
def as_time(moment, zone):
    """Return `short_time` as an element that programs can read."""
    return format_html(
        '<time datetime="{}">{}</time>', moment.isoformat(), short_time(moment, zone)
    )


@register.filter
def as_date(moment, zone):
    """Return `short_date` as an element that programs can read, with the time as its title."""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        short_time(moment, zone),
        short_date(moment, zone),
    )


@register.filter
def day(moment, zone):
    """Return such as `Tuesday, December 1, 2026`."""
    return times.day(moment, zone) if moment else ""


@register.filter
def clock(moment, zone):
    """Return such as `2:30 PM EST`."""
    return times.clock(moment, zone) if moment else ""


@register.filter
def span_until(moment, end):
    """Return the time from `moment` to `end`, such as `12 minutes`."""
    return times.span((end - moment).total_seconds())
