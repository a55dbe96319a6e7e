"""What happens to planning sessions. A case's progress moves through `cases.services` alone."""

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Dentist
from cases import asking, policies
from cases import services as cases
from cases.models import Case
from cases.progress import Progress, Who
from portal import lab_calendar
from portal.refusal import NotAllowed
from portal.writing.times import long_time
from scheduling import emails, opening
from scheduling.models import Block, PlanningSession

State = PlanningSession.State


TAKEN = (
    "That time was taken by somebody else a moment ago. Nothing was booked. "
    "Please choose one of the times that are left."
)


class BlockGone(NotAllowed):
    """The block cannot be booked; nothing was booked."""


class BlockTaken(BlockGone):
    """Somebody else has it, or the lab withdrew it."""


class BlockOver(BlockGone):
    """It has begun already."""


class BlockTooNear(BlockGone):
    """It begins sooner than its planner can prepare for."""


class DoubtfulTime(NotAllowed):
    """Something speaks against that time and is asked about; nothing was booked or moved yet."""


class AlreadyBooked(NotAllowed):
    """The case has a booked session, such as after a double click."""


def book(block, case, *, by, now, anyway=False):
    """Book `block` for `case` by a member of its practice; of many at once, one wins.

    The insert of the session decides, by the constraints "one booked session a block" and "one a
    case". Case, timeline and mails follow in the same transaction. Returns the session. Raises
    AlreadyBooked, BlockTaken, BlockOver, BlockTooNear, NotAllowed when the case is not ready to
    plan, ChangedMeanwhile when the lab moved the case at the same moment, and, unless `anyway`,
    DoubtfulTime when the dentist has another session then or the guide would ship too late.
    """
    if PlanningSession.objects.booked().filter(case=case).exists():
        raise _already_booked(case)
    if not policies.can_schedule(by, case):
        raise NotAllowed(
            f"Case {case.number} is {case.progress.label}, so no planning session can be booked "
            f"for it now. Nothing was booked. Questions? Write to {settings.LAB_EMAIL}."
        )
    with transaction.atomic():
        cases.lock(case)
        block = _still_free(block, now)
        _refuse_short_notice(block, now)
        dates = {"planning_date": lab_calendar.today(block.starts_at)}
        dates["ship_date"] = ship_date_with(case, block, now)
        late = _ask_first(block, case, dates["ship_date"], by=by, anyway=anyway)
        session = _insert(block, case, by=by, now=now)
        note = f"{_when(session)} with {block.planner}."
        note += cases.said_of_ship_date(case, dates["ship_date"])
        cases.move(case, Progress.SCHEDULED, Who.BOOKING, by=by, now=now, note=note, **dates)
        cases.keep_asked(case, late, by, now)
        emails.planning_scheduled(session, now)
    return session


def ship_date_with(case, block, now):
    """The ship date that the case gets with a session in `block`, booked or moved at `now`."""
    return cases.ship_date_with_planning(case, lab_calendar.today(block.starts_at), now)


def _insert(block, case, *, by, now):
    try:
        with transaction.atomic():
            return PlanningSession.objects.create(
                block=block, case=case, booked_by=by, booked_at=now
            )
    except IntegrityError:
        if PlanningSession.objects.booked().filter(case=case).exists():
            raise _already_booked(case) from None
        raise _taken() from None


def _still_free(block, now):
    """The block as it is now, kept from being withdrawn until the transaction ends."""
    rows = Block.objects.select_for_update(of=("self",)).select_related("planner__user")
    block = rows.filter(pk=block.pk, is_open=True, planner__is_active=True).first()
    if block is None:
        raise _taken()
    if block.starts_at <= now:
        raise BlockOver("That time is over already. Nothing was booked. Please choose another one.")
    return block


def _refuse_short_notice(block, now):
    if block.starts_at - block.planner.notice >= now:
        return
    raise BlockTooNear(
        "That time is too near for our planner to prepare for. Nothing was booked. Please choose "
        f"a later one, or ask us for it: {settings.LAB_EMAIL}."
    )


def _ask_first(block, case, ship_date, *, by, anyway):
    """The contradictions of dates that a session in `block` makes, to keep with the case.

    Raises DoubtfulTime, unless `anyway`, for these and for a dentist who is busy then.
    """
    late = asking.of_moved_ship_date(case, ship_date)
    busy = _two_at_once(block, case, by)
    if not anyway and (late or busy):
        then = late and f"With a session then, {late.text[0].lower()}{late.text[1:]}"
        raise DoubtfulTime(" ".join(filter(None, [busy, then])))
    return [late] if late else []


def _two_at_once(block, case, by):
    """A sentence when the dentist of the case has a session of another case then, or None."""
    # Of two who book for one dentist at the same moment, the second sees the first one's.
    Dentist.objects.select_for_update(no_key=True).filter(pk=case.dentist_id).values("pk").first()
    # One in this very block has taken it, which is said otherwise.
    booked = PlanningSession.objects.booked().with_people().exclude(case=case).exclude(block=block)
    other = booked.at_the_time_of(block).filter(case__dentist=case.dentist_id).first()
    if other is None:
        return None
    # A planner reads of their own cases only.
    is_seen = Case.objects.visible_to(by).filter(pk=other.case_id).exists()
    of_case = f"a session for case {other.case.number}" if is_seen else "another session"
    return f"{case.dentist} has {of_case} then: {_when(other)} with {other.block.planner}."


def _taken():
    return BlockTaken(TAKEN)


def _already_booked(case):
    return AlreadyBooked(
        f"Case {case.number} has a planning session already. Nothing was changed. To change its "
        f"date, write to {settings.LAB_EMAIL}."
    )


def _when(session, block=None):
    return long_time((block or session.block).starts_at, session.case.practice.time_zone)


def move_session(session, block, *, by, now, anyway=False):
    """The lab gives a booked session another block; progress stays and both sides are told.

    Raises NotAllowed when the session is not what it was or is in that block already, BlockTaken,
    BlockOver and, unless `anyway`, DoubtfulTime. Returns the session as it is then.
    """
    with transaction.atomic():
        session = _still_booked(session)
        if session.block_id == block.pk:
            raise NotAllowed("The session is in that block already. Nothing was changed.")
        before, block = session.block, _still_free(block, now)
        date = lab_calendar.today(block.starts_at)
        ship_date = ship_date_with(session.case, block, now)
        late = _ask_first(block, session.case, ship_date, by=by, anyway=anyway)
        _take(session, block)
        note = f"Moved from {_when(session, before)} to {_when(session)} with {block.planner}."
        cases.set_planning_date(session.case, date, note, by=by, now=now)
        cases.keep_asked(session.case, late, by, now)
        emails.planning_moved(session, before, now)
        # The time that is free now may be on a day which the planner has taken off since.
        opening.withdraw_on_days_off(before.planner, now)
    return session


def _take(session, block):
    try:
        with transaction.atomic():
            _change(session, block=block, sequence=session.sequence + 1)
    except IntegrityError:
        raise _taken() from None


def _change(session, **changes):
    """The one door to a session's row: only while it is booked and as it was when read."""
    if not _unchanged(session).update(**changes):
        raise _not_what_it_was(session)
    for name, value in changes.items():
        setattr(session, name, value)


def _unchanged(session):
    return PlanningSession.objects.booked().filter(pk=session.pk, sequence=session.sequence)


def _still_booked(session):
    """The session as it is now, with its case, kept so until the transaction ends.

    Whoever locks both begins with the case, since whoever moves a case has it first: in one
    order, no two can wait for each other.
    """
    cases.lock(session.case)
    booked = _unchanged(session).with_people().first()
    if booked is None:
        raise _not_what_it_was(session)
    return booked


def _not_what_it_was(session):
    return NotAllowed(
        f"The planning session of case {session.case.number} was moved or ended by somebody else "
        "a moment ago. Nothing was changed. Please look at the list again."
    )


def cancel(session, *, by, now):
    """The lab calls a booked session off: its case is Ready to Plan again, both sides are told.

    Raises NotAllowed when the session is not what it was.
    """
    _end_by_lab(session, Progress.READY, by=by, now=now)


def mark_missed(session, *, by, now):
    """The lab says that nobody came: the case becomes Planning No Show.

    Raises NotAllowed when the session has not begun, or is not what it was.
    """
    _end_by_lab(session, Progress.NO_SHOW, by=by, now=now)


def mark_held(session, *, by, now):
    """The lab says that the session took place: the case goes on to Manufacturing.

    Raises NotAllowed when the session has not begun, or is not what it was.
    """
    _refuse_before_start(session, now)
    _end_by_lab(session, Progress.MANUFACTURING, by=by, now=now)


def _refuse_before_start(session, now):
    if session.block.starts_at > now:
        raise NotAllowed(not_begun(session))


def not_begun(session):
    """Why a session is neither missed nor held yet."""
    return (
        f"The planning session of case {session.case.number} has not begun yet: it is on "
        f"{_when(session)}. Nothing was changed."
    )


def _end_by_lab(session, to, *, by, now):
    with transaction.atomic():
        session = _still_booked(session)
        _end(session, to, by=by, now=now)
        cases.move(session.case, to, Who.LAB, by=by, now=now)


def state_after(session, to, now):
    """The state in which a booked session ends when its case moves to `to` at `now`.

    One that has not begun is neither missed nor held: a case that goes on without it has no more
    need of it, so it is cancelled. One that has begun was held, unless the case is to be planned
    once more. Raises NotAllowed for a no-show before it has begun.
    """
    if to == Progress.NO_SHOW:
        _refuse_before_start(session, now)
        return State.MISSED
    has_begun = session.block.starts_at <= now
    return State.HELD if has_begun and to != Progress.READY else State.CANCELLED


def end_session_of(case, to, *, by, now):
    """End the booked session, if there is one, of a case that the lab is about to move to `to`.

    It ends as `state_after` says; when it is cancelled, both sides are told by mail. Called in
    the transaction that moves the case. Raises NotAllowed as `state_after` does.
    """
    if case.progress != Progress.SCHEDULED:
        return
    cases.lock(case)
    session = PlanningSession.objects.booked().with_people().filter(case=case).first()
    if session:
        session.case = case
        _end(session, to, by=by, now=now)


def _end(session, to, *, by, now):
    state = state_after(session, to, now)
    _change(session, state=state, sequence=session.sequence + (state == State.CANCELLED))
    if state == State.HELD:
        return
    note = f"The planning session on {_when(session)} was {state.label.lower()}."
    cases.set_planning_date(session.case, None, note, by=by, now=now)
    if state == State.CANCELLED:
        emails.planning_cancelled(session, now)
        opening.withdraw_on_days_off(session.block.planner, now)


def change_block(block, *, is_another_time):
    """Save what the lab changed of a block that nobody ever booked.

    Another time is another block: whoever has the old one on a page finds it gone, and does not
    book an hour that was never shown. Raises NotAllowed when somebody booked it meanwhile.
    """
    with transaction.atomic():
        keep_from_being_booked([block])
        if is_another_time:
            Block.objects.filter(pk=block.pk).delete()
            block.pk = None
        block.is_day_off = False
        block.save()


def keep_from_being_booked(blocks):
    """Lock blocks until the transaction ends. Raises NotAllowed when one was ever booked."""
    refuse_booked(Block.objects.select_for_update().filter(pk__in=[block.pk for block in blocks]))


def refuse_booked(blocks):
    """Raises NotAllowed when one of the blocks was ever booked."""
    if PlanningSession.objects.filter(block__in=list(blocks)).exists():
        raise NotAllowed(
            "Somebody has booked that time meanwhile. Nothing was changed. To change it, move or "
            "cancel the session."
        )
