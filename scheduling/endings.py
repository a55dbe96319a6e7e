"""What becomes of a booked session when its case moves, as the lab reads it beforehand."""

from cases.admin.moves import Consequence
from cases.progress import Progress
from portal.refusal import NotAllowed
from portal.writing.times import long_time
from scheduling import services
from scheduling.models import PlanningSession

State = PlanningSession.State
_WORDS = {
    State.MISSED: "counts as missed",
    State.HELD: "has begun and counts as held",
    State.CANCELLED: "is cancelled",
}


def of_cases(cases, to, *, now):
    """What a move to `to` does with the booked sessions of the cases, by the key of the case."""
    sessions = PlanningSession.objects.booked().with_people().filter(case__in=cases)
    return {session.case_id: of_session(session, to, now=now) for session in sessions}


def of_session(session, to, *, now):
    """What a move of its case to `to` does with a booked session, or why it may not."""
    try:
        state = services.state_after(session, to, now)
    except NotAllowed as refusal:
        return Consequence(refusal=str(refusal))
    ends = state == State.CANCELLED
    return Consequence(
        sentence=f"The planning session on {_when(session)} {_words(session, state, now)}.",
        told=(session.case.practice.email, session.block.planner.user.email) if ends else (),
        ends_planning=state != State.HELD,
        key=f"{session.pk}.{session.sequence}.{state}",
    )


def by_hand(session, to, *, now):
    """What it does to mark a session as missed or held, or to cancel it, or why it may not be."""
    if session.state != State.BOOKED:
        ended = f"is {session.get_state_display().lower()} already. It stays as it is."
        return Consequence(refusal=f"The planning session of case {session.case} {ended}")
    if to != Progress.READY and session.block.starts_at > now:
        return Consequence(refusal=services.not_begun(session))
    return of_session(session, to, now=now)


def _when(session):
    when = long_time(session.block.starts_at, session.case.practice.time_zone)
    return f"{when} with {session.block.planner}"


def _words(session, state, now):
    waits = state == State.CANCELLED and session.block.starts_at > now
    return f"has not begun: it {_WORDS[state]}" if waits else _WORDS[state]
