"""Whose rows somebody sees when something changes, and where no address of its own is asked for.

All addresses, and keys of others in one's own forms, are asked for by tests/matrix.
"""

import uuid
from datetime import timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.groups import LAB, PLANNER
from accounts.models import Access
from cases import drafts
from cases.models import Attachment, Case, Draft, Message, Prescription
from cases.progress import Progress
from scheduling import services
from scheduling.models import Block, Planner, PlanningSession, WorkingHours
from scheduling.tests import make

CASES = "/admin/cases/case/"


@pytest.fixture
def case(make_case):
    """A case in all that can belong to one, with nobody's planning session yet."""
    case = make_case(progress=Progress.READY)
    case.prescriptions.create(revision=1, snapshot={})
    case.messages.create(author=case.created_by, body="Hello?")
    case.attachments.create(
        name="arch.stl", size=5, practice=case.practice, uploaded_by=case.created_by
    )
    return case


@pytest.fixture
def planner(make_staff):
    return Planner.objects.create(user=make_staff(PLANNER, email="ann@guidepost.example"))


@pytest.fixture
def other_planner(make_staff):
    return Planner.objects.create(user=make_staff(PLANNER, email="bob@guidepost.example"))


@pytest.fixture
def session(planner, case, dentist_user):
    block = make.block(planner, timezone.now() + timedelta(days=2))
    return services.book(block, case, by=dentist_user, now=timezone.now())


def rows_of(user):
    """How many rows of each kind a user sees."""
    models = [Case, Attachment, Prescription, Message, PlanningSession]
    return [model.objects.visible_to(user).count() for model in models]


def test_a_session_that_moves_takes_its_case_along(planner, other_planner, session, lab_user):
    block = make.block(other_planner, timezone.now() + timedelta(days=3))
    services.move_session(session, block, by=lab_user, now=timezone.now())
    assert rows_of(planner.user) == [0, 0, 0, 0, 0]
    assert rows_of(other_planner.user) == [1, 1, 1, 1, 1]


def test_a_session_that_took_place_stays_with_its_planner(planner, session):
    PlanningSession.objects.update(state="held")
    assert rows_of(planner.user) == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("what", ["person", "practice"])
def test_who_is_no_longer_active_sees_nothing(dentist_user, session, what):
    row = dentist_user if what == "person" else dentist_user.practice
    row.is_active = False
    row.save()
    assert rows_of(dentist_user) == [0, 0, 0, 0, 0]
    assert not Draft.objects.visible_to(dentist_user).exists()


def test_drafts_are_their_writers_and_updates_their_practices(
    dentist_user, other_practice_user, lab_user, case
):
    drafts.keep(uuid.uuid4(), as_query(patient_name="Jane Roe"), by=dentist_user)
    drafts.keep(drafts.update_key(case), as_query(description="x"), case, by=dentist_user)
    assert Draft.objects.visible_to(dentist_user).count() == 2
    assert not Draft.objects.visible_to(other_practice_user).exists()
    assert not Draft.objects.visible_to(lab_user).exists()


def as_query(**typed):
    query = QueryDict(mutable=True)
    query.update(typed)
    return query


def test_a_member_sees_free_blocks_and_their_own(
    dentist_user, other_practice_user, planner, session
):
    free = make.block(planner, timezone.now() + timedelta(days=5))
    make.block(planner, timezone.now() + timedelta(days=6), is_open=False)
    assert set(Block.objects.visible_to(dentist_user)) == {session.block, free}
    assert set(Block.objects.visible_to(other_practice_user)) == {free}


# Pages


@pytest.mark.parametrize("group", [LAB, PLANNER])
def test_rights_taken_away_act_on_the_next_request(client, make_staff, planner, session, group):
    user = planner.user if group == PLANNER else make_staff(LAB)
    client.force_login(user)
    url = session.case.get_absolute_url()
    assert client.get(url).status_code == 200
    user.groups.clear()
    assert client.get(url).status_code == 404
    assert "Jane Roe" not in client.get(reverse("cases:list")).text
    assert client.get(CASES).status_code == 403


def test_the_lab_looks_for_cases_by_autocomplete_and_others_do_not_find_them(
    client, make_staff, other_planner, case
):
    url = "/admin/autocomplete/"
    asked = {
        "app_label": "scheduling",
        "model_name": "planningsession",
        "field_name": "case",
        "term": "Jane",
    }
    client.force_login(make_staff(LAB))
    assert case.number in client.get(url, asked).text
    client.force_login(other_planner.user)
    assert case.number not in client.get(url, asked).text
    noted = Access.objects.filter(item="autocomplete")
    assert noted.count() == 2


def test_the_first_page_of_admin_counts_what_one_sees(client, planner, other_planner, session):
    client.force_login(planner.user)
    assert sum(number for _, number in client.get("/admin/").context["counts"]) == 1
    client.force_login(other_planner.user)
    assert sum(number for _, number in client.get("/admin/").context["counts"]) == 0


def hours(planner, *rows, **typed):
    """What the page of a planner posts with these rows of working hours."""
    data = {"days_off-TOTAL_FORMS": 0, "days_off-INITIAL_FORMS": 0}
    data |= {"hours-TOTAL_FORMS": len(rows), "hours-INITIAL_FORMS": sum("id" in r for r in rows)}
    for number, row in enumerate(rows):
        row = {"planner": planner.pk, "weekday": 0, "start": "08:00", "end": "12:00"} | row
        data |= {f"hours-{number}-{name}": value for name, value in row.items()}
    return data | typed


@pytest.mark.ignore_template_errors
def test_a_planner_sets_their_own_hours_and_no_others(client, planner, other_planner):
    theirs = WorkingHours.objects.create(
        planner=other_planner, weekday=1, start="08:00", end="09:00"
    )
    url = "/admin/scheduling/planner/{}/change/"
    client.force_login(planner.user)
    assert client.get(url.format(planner.pk)).status_code == 200
    assert client.get(url.format(other_planner.pk)).status_code in (302, 404)
    client.post(url.format(other_planner.pk), hours(other_planner, {}))
    # Somebody else's row among one's own, and a field that is not theirs to set.
    mixed = hours(planner, {"id": theirs.pk}, meeting_link="https://elsewhere.example/")
    client.post(url.format(planner.pk), mixed)
    assert list(WorkingHours.objects.values_list("pk", "weekday")) == [(theirs.pk, 1)]
    answer = client.post(
        url.format(planner.pk), hours(planner, {}, meeting_link="https://elsewhere.example/")
    )
    assert answer.status_code == 302
    assert planner.hours.get().weekday == 0
    planner.refresh_from_db()
    assert planner.meeting_link == ""


@pytest.mark.ignore_template_errors
def test_the_pages_of_a_case_have_the_form_of_a_message_for_its_planner(client, planner, session):
    client.force_login(planner.user)
    for page in (session.case.get_absolute_url(), f"{CASES}{session.case_id}/change/"):
        assert "Send message" in client.get(page).text


@pytest.mark.parametrize("number", ["Jane Roe", "26-1", "x" * 300, "26-100000000000"])
def test_what_is_no_case_number_is_not_kept(dentist_client, number):
    assert dentist_client.get(f"/cases/{number}/").status_code == 404
    row = Access.objects.latest("pk")
    assert (row.result, row.case_number, row.item) == ("not_there", "", "")
