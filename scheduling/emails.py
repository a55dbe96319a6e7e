"""Mails about planning sessions, with the calendar file, to practice and planner alike."""

from portal.mail import outbox
from scheduling.calendar_entries import TEAMVIEWER, add_to_google, calendar_file


def planning_scheduled(session, now):
    _tell_practice("planning_scheduled", session, session.block, now)
    _tell_planner("planning_scheduled", session, session.block, now)


def invitation_of(session):
    """The mail that tells the practice of its booked session, or None once the session moved."""
    return outbox.added("planning_scheduled", session.case.practice.email, _about(session))


def planning_moved(session, before, now):
    """`before` is the block the session was in; its planner may have been somebody else."""
    _tell_practice("planning_moved", session, session.block, now, before=before)
    if before.planner_id == session.block.planner_id:
        _tell_planner("planning_moved", session, session.block, now, before=before)
    else:
        _tell_planner("planning_cancelled", session, before, now)
        _tell_planner("planning_scheduled", session, session.block, now)


def planning_cancelled(session, now):
    _tell_practice("planning_cancelled", session, session.block, now)
    _tell_planner("planning_cancelled", session, session.block, now)


def _tell_practice(kind, session, block, now, before=None):
    practice = session.case.practice
    context = _context(session, block, practice.time_zone, now, before=before)
    _add(kind, practice.email, session, context, now)


def _tell_planner(kind, session, block, now, before=None):
    planner = block.planner
    context = _context(session, block, planner.time_zone, now, before=before, for_planner=True)
    _add(kind, planner.user.email, session, context, now)


def _context(session, block, zone, now, before, for_planner=False):
    return {
        "case_number": session.case.number,
        "record_url": session.case.record_url,
        "practice_name": session.case.practice.name,
        "block": block,
        "before": before,
        "is_over": block.starts_at <= now,
        "ship_date": session.case.ship_date,
        "planner": block.planner,
        "zone": zone,
        "for_planner": for_planner,
        "google_link": add_to_google(session, zone),
        "teamviewer": TEAMVIEWER,
    }


def _add(kind, to, session, context, now):
    ics = calendar_file(
        session, now, context["zone"], context["block"], cancelled=kind == "planning_cancelled"
    )
    outbox.add(kind, to, _about(session), context, calendar=ics)


def _about(session):
    return f"{session.case.number}:{session.pk}.{session.sequence}"
