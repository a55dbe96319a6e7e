"""What becomes of a session when its case moves: the lab reads it first, and so it happens."""

from collections import Counter
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import transaction
from django.utils import timezone

from cases import services as cases
from cases.admin.case import BATCH_MOVES
from cases.models import Case
from cases.progress import Progress, Who, moves
from portal.models import Email
from portal.writing.times import long_time
from scheduling import services
from scheduling.models import Block, PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS
from scheduling.tests.test_admin import SESSIONS, act, said
from tests.forms import forms_in

pytestmark = pytest.mark.django_db
CASES = "/admin/cases/case/"
TYPED = {Progress.MISSING: {"reasons": "no_cbct"}}


@pytest.fixture
def desk(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def book(ann, harbor, dentist):
    """A function that books a session which starts in so many hours, of a case of its own."""

    def book(hours, planner=ann):
        now = timezone.now()
        block = make.block(planner, now + timedelta(hours=hours))
        return services.book(
            block, make.case(harbor), by=dentist, now=min(now, block.starts_at) - timedelta(days=9)
        )

    return book


def told_since(before):
    return sorted(Email.objects.filter(pk__gt=before).values_list("to", flat=True))


def last_mail():
    return Email.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def words(page):
    return " ".join(unescape(page.text).split())


def press(desk, page, address, **typed):
    """Press the button of the page that asked."""
    form = next(one for one in forms_in(page.text, address) if "foreseen" in one.plain())
    return form.send(desk, form.plain() | typed)


def step(case, to):
    return f"{CASES}{case.pk}/progress/{to.name.lower()}/"


@pytest.mark.parametrize("to", [Progress.MANUFACTURING, Progress.READY, Progress.ON_HOLD])
def test_a_session_that_has_not_begun_is_never_held(block, case, dentist, lab_user, to):
    session = services.book(block, case, by=dentist, now=NOW)
    early = STARTS - timedelta(minutes=1)
    with transaction.atomic():
        services.end_session_of(case, to, by=lab_user, now=early)
        cases.move(case, to, Who.LAB, by=lab_user, now=early)
    session.refresh_from_db()
    assert session.state == "cancelled"
    assert Block.objects.free(early).get() == block
    assert Email.objects.filter(kind="planning_cancelled").count() == 2
    assert (Case.objects.get().progress, Case.objects.get().planning_date) == (to, None)


@pytest.mark.parametrize("to", [Progress.ON_HOLD, Progress.MISSING, Progress.CANCELLED])
def test_a_session_that_is_over_is_not_called_off(desk, book, to):
    session, before = book(-20), last_mail()
    page = desk.get(step(session.case, to))
    assert "has begun and counts as held" in words(page)
    press(desk, page, step(session.case, to), **TYPED.get(to, {}))
    assert PlanningSession.objects.get().state == "held"
    assert "does not take place" not in Email.objects.filter(pk__gt=before).get().text


def test_a_session_that_is_over_and_called_off_is_not_said_to_come(desk, book):
    session = book(-20)
    page = desk.get(step(session.case, Progress.READY))
    assert "with Ann Lee is cancelled." in words(page)
    press(desk, page, step(session.case, Progress.READY))
    mail = Email.objects.get(kind="planning_cancelled", to=session.case.practice.email)
    assert "counts as cancelled" in mail.text


@pytest.mark.parametrize("hours", [48, -1])
@pytest.mark.parametrize("to", sorted(moves(Who.LAB)[Progress.SCHEDULED]))
def test_the_page_of_a_move_says_what_becomes_of_the_session_and_who_is_told(desk, book, hours, to):
    session, before = book(hours), last_mail()
    page = desk.get(step(session.case, to))
    if to == Progress.NO_SHOW and hours > 0:
        assert "has not begun yet" in said(page)
        assert PlanningSession.objects.get().state == "booked"
        return
    press(desk, page, step(session.case, to), **TYPED.get(to, {}))
    state = PlanningSession.objects.get().state
    when = long_time(session.block.starts_at, "America/New_York")
    outcome = {"missed": "counts as missed", "held": "counts as held", "cancelled": "is cancelled"}
    assert f"The planning session on {when} with Ann Lee" in words(page)
    assert outcome[state] in words(page)
    assert state == "cancelled" or hours < 0
    told = told_since(before)
    assert told == sorted(page.context["foreseen"].told)
    mails = [f"{address} ({number} mails)" if number > 1 else address
             for address, number in Counter(page.context["foreseen"].told).items()]  # fmt: skip
    wanted = f"Told by mail: {', '.join(mails)}." if told else "Nobody is"
    assert wanted in words(page)


@pytest.mark.parametrize("progress", [Progress.READY, Progress.CANCELLED, Progress.SHIPPED])
def test_the_page_of_a_move_without_a_session_says_who_is_told(desk, harbor, progress):
    for to in moves(Who.LAB)[progress] - {Progress.SHIPPED}:
        case, before = make.case(harbor, progress), last_mail()
        page = desk.get(step(case, to))
        desk.post(step(case, to), {"was": int(progress), **TYPED.get(to, {})})
        assert page.context["foreseen"].told == told_since(before), to
        assert "The planning session" not in words(page)
        assert Case.objects.get(pk=case.pk).progress == to


def test_a_move_that_would_end_the_session_otherwise_than_was_said_is_not_made(desk, book, ann):
    session = book(48)
    page = desk.get(step(session.case, Progress.MANUFACTURING))
    Block.objects.update(starts_at=timezone.now() - timedelta(minutes=5))
    answer = press(desk, page, step(session.case, Progress.MANUFACTURING))
    assert "was changed by somebody else a moment ago, so nothing was written" in said(answer)
    assert PlanningSession.objects.get().state == "booked"
    assert Case.objects.get().progress == Progress.SCHEDULED


def rows(page):
    """The rows of the table of moves, as words."""
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return body.split("</tr>")[:-1]


@pytest.mark.parametrize("to", BATCH_MOVES)
def test_bulk_moves_say_first_what_moves_what_ends_and_who_is_told(desk, book, harbor, to):
    waiting, begun = book(48), book(-1)
    ready, shipped = make.case(harbor, Progress.PROCESSING), make.case(harbor, Progress.SHIPPED)
    chosen = [waiting.case, begun.case, ready, shipped]
    was, before = dict(Case.objects.values_list("pk", "progress")), last_mail()
    page = act(desk, CASES, f"move_to_{to.name.lower()}", *chosen)
    assert page.status_code == 200
    assert dict(Case.objects.values_list("pk", "progress")) == was
    moving = [case for case in chosen if to in moves(Who.LAB)[was[case.pk]]]
    assert {one.case for one in page.context["moving"]} == set(moving)
    for one in page.context["staying"]:
        assert one.refusal in words(page)
        assert one.case not in moving
    ended = sum("The planning session on" in row for row in rows(page))
    assert ended == sum(case in moving for case in (waiting.case, begun.case))
    if not moving:
        assert 'type="submit" class="default"' not in page.text
        return
    sessions = f"{ended or 'no'} planning session{'' if ended == 1 else 's'} end"
    assert sessions in words(page)
    said_mails = sorted(to for one in page.context["moving"] for to in one.told)
    number = len(said_mails)
    assert f"{number or 'no'} mail{'' if number == 1 else 's'} go" in words(page)
    press(desk, page, CASES)
    after = dict(Case.objects.values_list("pk", "progress"))
    assert {pk for pk in after if after[pk] != was[pk]} == {case.pk for case in moving}
    assert told_since(before) == said_mails
    shown = {one.case.pk: one.ship_date for one in page.context["moving"]}
    assert shown == {
        pk: day for pk, day in Case.objects.values_list("pk", "ship_date") if pk in shown
    }
    assert PlanningSession.objects.booked().count() == 2 - ended


def test_a_bulk_move_leaves_a_case_that_changed_since_the_page(desk, book, harbor):
    session, other = book(48), make.case(harbor, Progress.PROCESSING)
    page = act(desk, CASES, "move_to_on_hold", session.case, other)
    Case.objects.filter(pk=other.pk).update(progress=Progress.RECEIVED)
    answer = press(desk, page, CASES)
    assert f"Case {other.number} was changed by somebody else a moment ago" in said(answer)
    assert "1 case moved to On Hold." in said(answer)
    assert Case.objects.get(pk=other.pk).progress == Progress.RECEIVED
    assert Case.objects.get(pk=session.case_id).progress == Progress.ON_HOLD


def test_too_many_cases_for_one_page_are_refused(desk, harbor, monkeypatch):
    monkeypatch.setattr("cases.admin.moves.MOST", 2)
    chosen = [make.case(harbor, Progress.PROCESSING) for _ in "123"]
    assert "Please choose 2 at most" in said(act(desk, CASES, "move_to_on_hold", *chosen))
    assert not Case.objects.exclude(progress=Progress.PROCESSING).exists()


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_bulk_moves_asks_the_same_for_one_case_and_three(
    desk, book, number, django_assert_num_queries
):
    chosen = [book(48 + 2 * count).case for count in range(number)]
    with django_assert_num_queries(11):
        act(desk, CASES, "move_to_on_hold", *chosen)


@pytest.mark.parametrize(
    ("action", "progress", "state", "mails"),
    [
        ("mark_missed", Progress.NO_SHOW, "missed", 1),
        ("mark_held", Progress.MANUFACTURING, "held", 0),
        ("cancel", Progress.READY, "cancelled", 4),
    ],
)
def test_what_ends_sessions_says_so_first(desk, book, action, progress, state, mails):
    begun, waiting = book(-1), book(48)
    before = last_mail()
    page = act(desk, SESSIONS, action, begun, waiting)
    assert not PlanningSession.objects.exclude(state="booked").exists()
    assert f"{mails or 'no'} mail{'' if mails == 1 else 's'} go" in words(page)
    refused = f"The planning session of case {waiting.case} has not begun yet"
    assert (refused in words(page)) == (action != "cancel")
    answer = press(desk, page, SESSIONS)
    assert f"The session of case {begun.case}" in said(answer)
    states = dict(PlanningSession.objects.values_list("pk", "state"))
    assert states == {begun.pk: state, waiting.pk: state if action == "cancel" else "booked"}
    assert Case.objects.get(pk=begun.case_id).progress == progress
    assert len(told_since(before)) == mails


def test_a_session_that_was_moved_since_the_page_is_not_cancelled(desk, book, ann, lab_user):
    session = book(48)
    page = act(desk, SESSIONS, "cancel", session)
    there = make.block(ann, timezone.now() + timedelta(days=9))
    services.move_session(session, there, by=lab_user, now=timezone.now())
    assert "was changed by somebody else" in said(press(desk, page, SESSIONS))
    assert PlanningSession.objects.get().state == "booked"


def test_a_session_that_ended_already_stays_on_the_page_as_it_is(desk, book, lab_user):
    session = book(48)
    services.cancel(session, by=lab_user, now=timezone.now())
    page = act(desk, SESSIONS, "mark_held", session)
    assert f"session of case {session.case} is cancelled already" in words(page)
    assert 'class="default"' not in page.text


def test_a_case_that_was_without_a_ship_date_gets_the_one_that_the_page_says(desk, book):
    session = book(24 * 60)
    Case.objects.update(ship_date=None)
    page = desk.get(step(session.case, Progress.MANUFACTURING))
    desk.post(step(session.case, Progress.MANUFACTURING), {"was": 60})
    assert page.context["ship_date"] == Case.objects.get().ship_date > date(2026, 1, 1)
