from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from cases.progress import Progress
from scheduling import services
from scheduling.models import Block, DayOff, Planner, PlanningSession
from scheduling.tests import make

pytestmark = pytest.mark.django_db
SESSIONS = "/admin/scheduling/planningsession/"
BLOCKS = "/admin/scheduling/block/"
PLANNERS = "/admin/scheduling/planner/"


@pytest.fixture
def desk(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def soon(ann):
    return make.block(ann, timezone.now() + timedelta(days=2))


@pytest.fixture
def session(soon, case, dentist):
    return services.book(soon, case, by=dentist, now=timezone.now())


@pytest.fixture
def begun(ann, case, dentist):
    block = make.block(ann, timezone.now() - timedelta(minutes=10))
    return services.book(block, case, by=dentist, now=block.starts_at - timedelta(days=1))


def act(desk, url, action, *rows, **fields):
    chosen = [row.pk for row in rows]
    return desk.post(url, {"action": action, "_selected_action": chosen, **fields})


def said(response):
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def test_missed_goes_through_the_service(desk, begun):
    response = act(desk, SESSIONS, "mark_missed", begun, confirmed="yes")
    assert said(response) == f"The session of case {begun.case} was missed."
    assert Case.objects.get().progress == Progress.NO_SHOW


def test_held_takes_the_case_to_manufacturing(desk, begun):
    act(desk, SESSIONS, "mark_held", begun, confirmed="yes")
    assert PlanningSession.objects.get().state == "held"
    assert Case.objects.get().progress == Progress.MANUFACTURING


def test_a_refusal_of_the_service_is_shown(desk, session):
    response = act(desk, SESSIONS, "mark_missed", session, confirmed="yes")
    assert "has not begun yet" in said(response)
    assert PlanningSession.objects.get().state == "booked"


def test_cancelling_asks_first(desk, session):
    page = act(desk, SESSIONS, "cancel", session).content.decode()
    assert str(session.case) in page
    assert PlanningSession.objects.get().state == "booked"
    response = act(desk, SESSIONS, "cancel", session, confirmed="yes")
    assert said(response) == f"The session of case {session.case} is cancelled."
    assert PlanningSession.objects.get().state == "cancelled"
    assert Case.objects.get().progress == Progress.READY


def test_the_page_of_a_case_that_moves_it_ends_its_session(desk, session, case):
    desk.post(f"/admin/cases/case/{case.pk}/progress/missing/", {"was": 60, "reasons": "no_cbct"})
    assert Case.objects.get().progress == Progress.MISSING
    assert PlanningSession.objects.get().state == "cancelled"


def test_the_list_of_cases_ends_the_session_of_one_that_it_moves(desk, session, case):
    act(desk, "/admin/cases/case/", "move_to_on_hold", case, confirmed="yes")
    assert Case.objects.get().progress == Progress.ON_HOLD
    assert PlanningSession.objects.get().state == "cancelled"


def test_a_session_moves_to_a_block_of_any_planner(desk, session, harbor):
    ben = make.planner("Ben Ray", "ben@lab.example")
    there = make.block(ben, timezone.now() + timedelta(days=3))
    response = act(desk, SESSIONS, "move", session)
    assert response.url == f"{SESSIONS}{session.pk}/move/"
    page = desk.get(response.url).content.decode()
    assert f'<option value="{there.pk}">' in page
    assert f'<option value="{session.block_id}">' not in page
    response = desk.post(response.url, {"block": there.pk})
    assert response.url == reverse("admin:scheduling_planningsession_changelist")
    assert PlanningSession.objects.get().block == there


def test_one_session_at_a_time_is_moved(desk, session, ann, harbor, dentist):
    block = make.block(ann, timezone.now() + timedelta(days=5))
    other = services.book(block, make.case(harbor), by=dentist, now=timezone.now())
    assert "choose one session" in said(act(desk, SESSIONS, "move", session, other))


@pytest.mark.parametrize("block", ["", "abc", "999999", "taken", "over"])
def test_a_block_that_is_not_free_is_refused_with_a_sentence(desk, session, ann, block):
    made = {"taken": session.block}
    if block == "over":
        made["over"] = make.block(ann, timezone.now() - timedelta(hours=3))
    value = made[block].pk if block in made else block
    response = desk.post(f"{SESSIONS}{session.pk}/move/", {"block": value})
    assert response.status_code == 400
    assert "lease choose" in response.content.decode()
    assert PlanningSession.objects.get().sequence == 0


def test_blocks_are_withdrawn_and_offered_again(desk, soon):
    act(desk, BLOCKS, "withdraw", soon)
    assert not Block.objects.free(timezone.now()).exists()
    act(desk, BLOCKS, "offer", soon)
    assert Block.objects.free(timezone.now()).get() == soon


@pytest.mark.parametrize(("free", "number"), [("yes", 1), ("no", 1), ("", 4)])
def test_blocks_are_filtered_by_free_and_taken(desk, session, ann, free, number):
    make.block(ann, timezone.now() + timedelta(days=4))
    make.block(ann, timezone.now() + timedelta(days=5), is_open=False)
    make.block(ann, timezone.now() - timedelta(days=5))
    response = desk.get(BLOCKS, {"free": free} if free else {})
    assert response.context["cl"].result_count == number


def test_the_lab_adds_a_block_but_not_over_another(desk, ann):
    day = (timezone.now() + timedelta(days=3)).date().isoformat()
    fields = {
        "planner": ann.pk,
        "starts_at_0": day,
        "starts_at_1": "10:00",
        "ends_at_0": day,
        "ends_at_1": "11:00",
        "is_open": "on",
    }
    assert desk.post(f"{BLOCKS}add/", fields).status_code == 302
    refused = desk.post(f"{BLOCKS}add/", {**fields, "starts_at_1": "10:30"})
    assert "has another block at that time" in refused.content.decode()
    assert Block.objects.count() == 1


def test_a_block_that_begins_within_a_second_is_saved_as_it_stands(desk, ann):
    block = make.block(ann, (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=5))
    form = desk.get(f"{BLOCKS}{block.pk}/change/").context["adminform"].form
    moments = [form.initial[name] for name in ("starts_at", "ends_at")]
    fields = {
        f"{name}_{part}": moment.strftime(how)
        for name, moment in zip(("starts_at", "ends_at"), moments, strict=True)
        for part, how in enumerate(("%Y-%m-%d", "%H:%M"))
    }
    response = desk.post(f"{BLOCKS}{block.pk}/change/", {**fields, "planner": ann.pk})
    assert response.status_code == 302
    block.refresh_from_db()
    assert (block.starts_at.second, block.is_open) == (0, False)


def test_the_action_opens_blocks_of_the_chosen_planners(desk):
    hours = [(weekday, 9, 12) for weekday in range(7)]
    chosen = make.planner(hours=hours)
    make.planner("Ben Ray", "ben@lab.example", hours=hours)
    response = act(desk, PLANNERS, "open_blocks", chosen)
    opened = chosen.blocks.count()
    assert opened == Block.objects.count() > 90
    assert f"New blocks: {opened}." in said(response)


def test_a_day_off_typed_in_withdraws_the_blocks_of_that_day(desk, soon, ann):
    day = timezone.localtime(soon.starts_at, ann.zone).date().isoformat()
    fields = {
        "user": ann.user_id,
        "time_zone": "America/New_York",
        "meeting_link": "",
        "block_minutes": 45,
        "is_active": "on",
        "hours-TOTAL_FORMS": 0,
        "hours-INITIAL_FORMS": 0,
        "days_off-TOTAL_FORMS": 1,
        "days_off-INITIAL_FORMS": 0,
        "days_off-0-first": day,
        "days_off-0-last": day,
    }
    response = desk.post(f"{PLANNERS}{ann.pk}/change/", fields)
    assert response.status_code == 302
    assert DayOff.objects.count() == 1
    assert Planner.objects.get().block_minutes == 45
    assert not Block.objects.get().is_open


def _sessions(harbor, dentist, ann, number):
    for days in range(number):
        block = make.block(ann, timezone.now() + timedelta(days=days + 1))
        services.book(block, make.case(harbor), by=dentist, now=timezone.now())


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize(("url", "queries"), [(SESSIONS, 9), (BLOCKS, 10)])
def test_lists_ask_the_same_for_one_row_and_three(
    desk, harbor, dentist, ann, url, queries, number, django_assert_num_queries
):
    _sessions(harbor, dentist, ann, number)
    # One is the row of the access log.
    with django_assert_num_queries(queries):
        desk.get(url)


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_block_in_a_year_that_no_clock_shows_is_refused(desk, ann, day):
    typed = {"planner": ann.pk, "is_open": "on", "starts_at_0": day, "starts_at_1": "08:00"}
    page = desk.post(f"{BLOCKS}add/", typed | {"ends_at_0": day, "ends_at_1": "23:59"})
    assert page.status_code == 200
    assert "in the years 2000 to 2100" in page.text
    assert not Block.objects.exists()
