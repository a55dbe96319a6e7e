"""Put a planning session into the dentist's calendar: a link to Google, and an .ics file."""

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from icalendar import Calendar, Event, vCalAddress, vText

_GOOGLE = "https://calendar.google.com/calendar/render"


def google_link(
    title: str, starts_at: datetime, ends_at: datetime, details: str, location: str, zone: str
) -> str:
    """Return a link that opens Google Calendar with the session filled in.

    `zone` is the IANA name of the zone to show it in. Every value is percent-encoded. Raises
    ValueError for times without a zone.
    """
    values = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{_basic(starts_at)}/{_basic(ends_at)}",
        "details": details,
        "location": location,
        "ctz": zone,
    }
    return f"{_GOOGLE}?{urlencode(values, safe='', quote_via=quote)}"


def _basic(moment: datetime) -> str:
    return f"{_utc(moment):%Y%m%dT%H%M%SZ}"


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"A time in a calendar needs a zone: {moment.isoformat()}.")
    return moment.astimezone(UTC).replace(microsecond=0)


def ics(
    uid: str,
    sequence: int,
    starts_at: datetime,
    ends_at: datetime,
    summary: str,
    description: str,
    location: str,
    stamp: datetime,
    organizer_name: str,
    organizer_email: str,
    cancelled: bool = False,
) -> bytes:
    """Return an RFC 5545 calendar with one event, times in UTC, lines ended by CRLF.

    `uid` stays the same for the life of a session and `sequence` grows with every change
    (3.8.7.4), so a calendar replaces what it has. A booking is published (RFC 5546, 3.2.1), a
    cancellation has METHOD:CANCEL and STATUS:CANCELLED (3.2.5). Raises ValueError for times
    without a zone.
    """
    organizer = vCalAddress(f"mailto:{organizer_email}")
    organizer.params["CN"] = vText(organizer_name)
    event = Event()
    event.add("uid", uid)
    event.add("sequence", sequence)
    event.add("dtstamp", _utc(stamp))
    event.add("dtstart", _utc(starts_at))
    event.add("dtend", _utc(ends_at))
    event.add("summary", summary)
    event.add("description", description)
    event.add("location", location)
    event.add("organizer", organizer)
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    calendar = Calendar()
    calendar.add("prodid", "-//Guidepost//Planning sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()
