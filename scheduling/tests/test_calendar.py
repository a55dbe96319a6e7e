from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from scheduling.calendar import google_link, ics

STARTS = datetime(2026, 3, 5, 13, 0, tzinfo=ZoneInfo("America/New_York"))
ENDS = STARTS + timedelta(hours=1)
LONG = "TeamViewer, please; 13:00 (America/New_York)\nhttps://lab.example/s?a=1&b=ü " + "歯 " * 60


def written(**changes):
    values = {
        "uid": "session-7@lab.example",
        "sequence": 0,
        "starts_at": STARTS,
        "ends_at": ENDS,
        "summary": "Planning session, case 26-10427",
        "description": LONG,
        "location": "TeamViewer",
        "stamp": datetime(2026, 3, 1, 8, 0, 0, 999, tzinfo=UTC),
        "organizer_name": 'Lab "North"; Guides, Inc.',
        "organizer_email": "plan@lab.example",
    }
    return ics(**(values | changes))


def test_the_google_link_percent_encodes_every_value():
    link = google_link("Case 26-10427 & more", STARTS, ENDS, "a+b\nc", "é/x", "America/New_York")
    assert link == (
        "https://calendar.google.com/calendar/render?action=TEMPLATE"
        "&text=Case%2026-10427%20%26%20more"
        "&dates=20260305T180000Z%2F20260305T190000Z"
        "&details=a%2Bb%0Ac&location=%C3%A9%2Fx&ctz=America%2FNew_York"
    )


def test_the_google_link_reads_back():
    values = parse_qs(urlsplit(google_link("T", STARTS, ENDS, LONG, "L", "Asia/Tokyo")).query)
    assert values["details"] == [LONG]
    assert values["dates"] == ["20260305T180000Z/20260305T190000Z"]
    assert values["ctz"] == ["Asia/Tokyo"]


def test_a_booking_reads_back_from_the_file():
    calendar = Calendar.from_ical(written())
    (event,) = calendar.events
    assert (calendar["method"], calendar["version"]) == ("PUBLISH", "2.0")
    assert (event["uid"], event["sequence"]) == ("session-7@lab.example", 0)
    assert (event.start, event.end) == (STARTS, ENDS)
    assert event["dtstamp"].dt == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert event["summary"] == "Planning session, case 26-10427"
    assert event["description"].rstrip() == LONG.rstrip()
    assert event["location"] == "TeamViewer"
    assert event["status"] == "CONFIRMED"
    assert event["organizer"] == "mailto:plan@lab.example"


def test_a_cancellation_keeps_the_uid_and_raises_the_sequence():
    calendar = Calendar.from_ical(written(sequence=2, cancelled=True))
    (event,) = calendar.events
    assert calendar["method"] == "CANCEL"
    assert (event["uid"], event["sequence"]) == ("session-7@lab.example", 2)
    assert event["status"] == "CANCELLED"


def test_lines_end_in_crlf_and_hold_at_most_75_bytes():
    content = written()
    assert content.endswith(b"END:VCALENDAR\r\n")
    lines = content.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 75 for line in lines)
    assert b"DTSTART:20260305T180000Z" in lines
    assert b"DTSTAMP:20260301T080000Z" in lines


def test_times_without_a_zone_are_refused():
    naive = datetime(2026, 3, 5, 13, 0)
    with pytest.raises(ValueError, match="needs a zone"):
        google_link("T", naive, ENDS, "", "", "UTC")
    with pytest.raises(ValueError, match="needs a zone"):
        written(stamp=naive)


def test_text_cannot_add_a_line_of_its_own():
    content = written(summary="x\r\nATTENDEE:mailto:e@e.example", organizer_name="a\r\nX-B:c")
    assert not any(line.startswith((b"ATTENDEE", b"X-B")) for line in content.split(b"\r\n"))
