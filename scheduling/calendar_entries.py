"""A planning session as calendars know it. It names the case number, never the patient."""

from django.conf import settings

from portal.writing.times import long_time
from scheduling import calendar

TEAMVIEWER = "https://www.teamviewer.com/"


def calendar_file(session, now, zone, block=None, *, cancelled=False):
    """Return the .ics text of a session, its times also written out for `zone`.

    `block` is given when it is no longer the session's own: the one to strike from a calendar.
    """
    block = block or session.block
    domain = settings.LAB_EMAIL.rpartition("@")[2] or "localhost"
    return calendar.ics(
        uid=f"{session.uid}@{domain}",
        sequence=session.sequence,
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        summary=_title(session),
        description=_details(session, block, zone),
        location=_location(block),
        stamp=now,
        organizer_name=settings.LAB_NAME,
        organizer_email=settings.LAB_EMAIL,
        cancelled=cancelled,
    ).decode()


def add_to_google(session, zone):
    """Return the link "Add to Google Calendar" for somebody who lives in `zone`."""
    block = session.block
    return calendar.google_link(
        title=_title(session),
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        details=_details(session, block, zone),
        location=_location(block),
        zone=zone,
    )


def _title(session):
    return f"Planning session, case {session.case.number}"


def _location(block):
    return block.planner.meeting_link or "TeamViewer"


def _details(session, block, zone):
    lines = [
        f"Virtual planning session with {block.planner} of {settings.LAB_NAME}.",
        long_time(block.starts_at, zone),
        f"Join: {block.planner.meeting_link}" if block.planner.meeting_link else "",
        f"Please install TeamViewer before: {TEAMVIEWER}",
        f"Case: {session.case.record_url}",
        f"To change the date, write to {settings.LAB_EMAIL}.",
    ]
    return "\n".join(line for line in lines if line)
