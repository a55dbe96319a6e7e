"""What the lab does with booked sessions, and what sessions do when their case moves."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from icalendar import Calendar

from cases import services as cases
from cases.models import Case, Draft
from cases.progress import Progress, Who, moves
from portal.models import Email
from portal.refusal import NotAllowed
from scheduling import services
from scheduling.models import PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS

pytestmark = pytest.mark.django_db
AFTER = STARTS + timedelta(minutes=20)


@pytest.fixture
def session(block, case, dentist):
    return services.book(block, case, by=dentist, now=NOW)


def mails(kind):
    return {mail.to: mail for mail in Email.objects.filter(kind=kind)}


def test_cancelling_makes_the_case_ready_and_tells_both_sides(session, lab_user, harbor):
    services.cancel(session, by=lab_user, now=NOW)
    case = Case.objects.get()
    assert PlanningSession.objects.get().state == "cancelled"
    assert (case.progress, case.planning_date) == (Progress.READY, None)
    assert "was cancelled" in case.events.get(kind="planning").note
    told = mails("planning_cancelled")
    assert set(told) == {harbor.email, "ann@lab.example"}
    file = Calendar.from_ical(told[harbor.email].calendar)
    assert file["METHOD"] == "CANCEL"
    event = file.events[0]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)
    assert event["UID"].startswith(str(session.uid))


def test_a_cancelled_block_is_free_again(session, lab_user, block, case, dentist):
    services.cancel(session, by=lab_user, now=NOW)
    again = services.book(block, Case.objects.get(), by=dentist, now=NOW)
    assert again.uid != session.uid
    assert PlanningSession.objects.booked().get() == again


def test_a_session_is_cancelled_once(session, lab_user):
    services.cancel(session, by=lab_user, now=NOW)
    for late in (services.cancel, services.mark_missed, services.mark_held):
        with pytest.raises(NotAllowed):
            late(session, by=lab_user, now=AFTER)
    assert Email.objects.filter(kind="planning_cancelled").count() == 2


def test_a_session_that_somebody_changed_since_it_was_read_stays_as_it_is(session, lab_user, ann):
    seen = PlanningSession.objects.get()
    services.move_session(
        session, make.block(ann, STARTS + timedelta(days=7)), by=lab_user, now=NOW
    )
    with pytest.raises(NotAllowed, match="moved or ended by somebody else"):
        services.cancel(seen, by=lab_user, now=NOW)
    assert PlanningSession.objects.get().state == "booked"


def test_a_missed_session_stops_the_case_and_can_be_booked_anew(session, lab_user, ann, dentist):
    services.mark_missed(session, by=lab_user, now=AFTER)
    case = Case.objects.get()
    assert PlanningSession.objects.get().state == "missed"
    assert (case.progress, case.planning_date, case.ship_date) == (Progress.NO_SHOW, None, None)
    assert Email.objects.filter(kind="case_no_show").count() == 1
    assert not Email.objects.filter(kind="planning_cancelled").exists()
    services.book(make.block(ann, AFTER + timedelta(days=1)), case, by=dentist, now=AFTER)
    assert PlanningSession.objects.count() == 2


@pytest.mark.parametrize("service", [services.mark_missed, services.mark_held])
def test_nothing_is_missed_or_held_before_it_begins(session, lab_user, service):
    with pytest.raises(NotAllowed, match="has not begun"):
        service(session, by=lab_user, now=STARTS - timedelta(minutes=1))
    assert PlanningSession.objects.get().state == "booked"
    assert Case.objects.get().progress == Progress.SCHEDULED


def lab_moves(case, to, by, now):
    """As admin does."""
    with transaction.atomic():
        services.end_session_of(case, to, by=by, now=now)
        cases.move(case, to, Who.LAB, by=by, now=now)


def test_a_case_is_no_no_show_before_its_session_begins(session, lab_user):
    early = STARTS - timedelta(minutes=1)
    with pytest.raises(NotAllowed, match="has not begun"):
        lab_moves(Case.objects.get(), Progress.NO_SHOW, lab_user, early)
    assert PlanningSession.objects.get().state == "booked"
    assert Case.objects.get().progress == Progress.SCHEDULED


def test_a_held_session_takes_the_case_to_manufacturing(session, lab_user):
    services.mark_held(session, by=lab_user, now=AFTER)
    case = Case.objects.get()
    assert PlanningSession.objects.get().state == "held"
    assert (case.progress, case.planning_date) == (Progress.MANUFACTURING, date(2026, 12, 1))


def test_moving_keeps_progress_and_uid_and_counts_the_sequence(session, lab_user, ann, harbor):
    later = make.block(ann, STARTS + timedelta(days=7))
    services.move_session(session, later, by=lab_user, now=NOW)
    stored, case = PlanningSession.objects.get(), Case.objects.get()
    assert (stored.block, stored.sequence, stored.uid) == (later, 1, session.uid)
    assert (case.progress, case.planning_date) == (Progress.SCHEDULED, date(2026, 12, 8))
    assert case.ship_date == date(2026, 12, 15)
    note = case.events.get(kind="planning").note
    assert note.startswith("Moved from Tuesday, December 1, 2026, 2:30 PM EST")
    assert "to Tuesday, December 8, 2026, 2:30 PM EST" in note
    told = mails("planning_moved")
    assert set(told) == {harbor.email, "ann@lab.example"}
    event = Calendar.from_ical(told[harbor.email].calendar).events[0]
    assert (event["SEQUENCE"], event.start) == (1, later.starts_at)
    assert "Tuesday, December 1, 2026" in told[harbor.email].text


def test_a_planner_who_loses_a_session_is_told(session, lab_user, harbor):
    ben = make.planner("Ben Ray", "ben@lab.example")
    services.move_session(session, make.block(ben), by=lab_user, now=NOW)
    assert set(mails("planning_moved")) == {harbor.email}
    lost = mails("planning_cancelled")
    assert set(lost) == {"ann@lab.example"}
    assert Calendar.from_ical(lost["ann@lab.example"].calendar)["METHOD"] == "CANCEL"
    assert "ben@lab.example" in mails("planning_scheduled")


def test_a_session_can_be_moved_there_and_back_with_a_mail_each_time(session, lab_user, ann, block):
    later = make.block(ann, STARTS + timedelta(days=7))
    there = services.move_session(session, later, by=lab_user, now=NOW)
    services.move_session(there, block, by=lab_user, now=NOW)
    assert PlanningSession.objects.get().sequence == 2
    assert Email.objects.filter(kind="planning_moved").count() == 4


def test_a_session_is_not_moved_onto_another(session, lab_user, ann, harbor, dentist):
    other = make.block(ann, STARTS + timedelta(days=7))
    services.book(other, make.case(harbor), by=dentist, now=NOW)
    with pytest.raises(services.BlockTaken):
        services.move_session(session, other, by=lab_user, now=NOW)
    assert PlanningSession.objects.get(pk=session.pk).block == session.block
    assert not Email.objects.filter(kind="planning_moved").exists()


def test_a_session_is_not_moved_into_the_past_nor_nowhere(session, lab_user, ann, block):
    with pytest.raises(services.BlockOver):
        services.move_session(session, make.block(ann, NOW), by=lab_user, now=NOW)
    with pytest.raises(NotAllowed, match="in that block already"):
        services.move_session(session, block, by=lab_user, now=NOW)


@pytest.mark.parametrize(
    ("to", "state"),
    [
        (Progress.MISSING, "held"),
        (Progress.READY, "cancelled"),
        (Progress.RECEIVED, "held"),
        (Progress.ON_HOLD, "held"),
        (Progress.CANCELLED, "held"),
        (Progress.NO_SHOW, "missed"),
        (Progress.MANUFACTURING, "held"),
    ],
)
def test_a_session_ends_before_its_case_moves_away(session, case, lab_user, to, state):
    lab_moves(case, to, lab_user, AFTER)
    stored = Case.objects.get()
    assert stored.progress == to
    assert PlanningSession.objects.get().state == state
    assert stored.planning_date == (date(2026, 12, 1) if state == "held" else None)
    told = Email.objects.filter(kind="planning_cancelled").count()
    assert told == (2 if state == "cancelled" else 0)


def test_no_case_moves_away_from_a_session_that_is_booked(session, case, lab_user):
    with pytest.raises(NotAllowed, match="must end first"):
        cases.move(case, Progress.ON_HOLD, Who.LAB, by=lab_user, now=NOW)
    assert Case.objects.get().progress == Progress.SCHEDULED


def test_a_session_stays_booked_when_its_case_was_moved_meanwhile(session, case, lab_user):
    Case.objects.update(progress=Progress.MANUFACTURING)
    with pytest.raises(cases.ChangedMeanwhile):
        lab_moves(case, Progress.ON_HOLD, lab_user, NOW)
    assert PlanningSession.objects.get().state == "booked"
    assert not Email.objects.filter(kind="planning_cancelled").exists()


def test_every_move_of_a_scheduled_case_is_in_the_table_above():
    assert moves(Who.LAB)[Progress.SCHEDULED] == {
        Progress.MISSING,
        Progress.READY,
        Progress.RECEIVED,
        Progress.ON_HOLD,
        Progress.CANCELLED,
        Progress.NO_SHOW,
        Progress.MANUFACTURING,
    }


def test_an_update_by_the_dentist_keeps_the_session(session, case, dentist):
    draft = Draft.objects.create(user=dentist, case=case)
    values = {"description": "Please use a longer sleeve."}
    cases.update_case(case, draft, values, "Dr. May", by=dentist, now=NOW + timedelta(hours=1))
    stored = Case.objects.get()
    assert (stored.progress, stored.planning_date) == (Progress.SCHEDULED, date(2026, 12, 1))
    assert stored.ship_date == date(2026, 12, 8)
    assert PlanningSession.objects.get().state == "booked"
