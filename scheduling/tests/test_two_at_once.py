"""A dentist who has a session already is asked before another one is booked at that time."""

from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from accounts.groups import PLANNER
from accounts.models import Dentist
from portal.models import Email
from scheduling import services
from scheduling.models import PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS
from scheduling.tests.test_admin import SESSIONS, said
from tests.forms import forms_in

pytestmark = pytest.mark.django_db
HALF = timedelta(minutes=30)


@pytest.fixture
def ben(db):
    return make.planner("Ben Ray", "ben@lab.example")


@pytest.fixture
def soon():
    return timezone.now().replace(microsecond=0) + timedelta(days=3)


@pytest.fixture
def first(ann, case, dentist, soon):
    return services.book(make.block(ann, soon), case, by=dentist, now=timezone.now())


def url(case):
    return f"/cases/{case.number}/schedule/"


def words(page):
    return " ".join(unescape(page.text).split())


def press(client, page, address):
    form = next(one for one in forms_in(page.text, address) if "anyway" in one.plain())
    return form.send(client, form.plain())


@pytest.mark.parametrize("shift", [-HALF, timedelta(0), HALF])
def test_overlapping_times_of_one_dentist_are_asked_about(ann, ben, case, harbor, dentist, shift):
    services.book(make.block(ann), case, by=dentist, now=NOW)
    there, other = make.block(ben, STARTS + shift), make.case(harbor)
    question = f"Dr. May has a session for case {case.number} then: Tuesday, December 1, 2026, 2:30"
    with pytest.raises(services.DentistBusy, match=question):
        services.book(there, other, by=dentist, now=NOW)
    assert PlanningSession.objects.count() == 1
    services.book(there, other, by=dentist, now=NOW, anyway=True)
    assert PlanningSession.objects.count() == 2


@pytest.mark.parametrize("shift", [timedelta(hours=-1), timedelta(hours=1)])
def test_one_session_after_another_is_not(ann, ben, case, harbor, dentist, shift):
    services.book(make.block(ann), case, by=dentist, now=NOW)
    services.book(make.block(ben, STARTS + shift), make.case(harbor), by=dentist, now=NOW)
    assert PlanningSession.objects.count() == 2


def test_neither_are_another_dentist_and_a_session_that_ended(
    ann, ben, case, harbor, dentist, lab_user
):
    theirs, later = make.case(harbor), make.case(harbor)
    colleague = Dentist.objects.create(
        practice=harbor, name="Dr. June", license_number="7", license_state="Maine"
    )
    booked = services.book(make.block(ann), case, by=dentist, now=NOW)
    theirs.dentist = colleague
    theirs.save(update_fields=["dentist"])
    services.book(make.block(ben), theirs, by=dentist, now=NOW)
    services.cancel(booked, by=lab_user, now=NOW)
    cy = make.planner("Cy Dow", "cy@lab.example")
    services.book(make.block(cy), later, by=dentist, now=NOW)
    assert PlanningSession.objects.booked().count() == 2


def test_the_page_asks_and_books_when_go_is_pressed_again(
    client, dentist, first, ben, soon, harbor, case
):
    there, other = make.block(ben, soon + HALF), make.case(harbor)
    client.force_login(dentist)
    page = client.post(url(other), {"block": there.pk})
    assert page.status_code == 409
    assert f"Dr. May has a session for case {case.number} then" in words(page)
    assert "Press Go again" in words(page)
    assert f'value="{there.pk}" required checked' in page.text
    assert not other.planning_sessions.exists()
    assert press(client, page, url(other)).url == url(other)
    assert other.planning_sessions.get().block == there


def test_another_time_that_is_taken_too_is_asked_about_again(
    client, dentist, first, ben, soon, harbor
):
    blocks = [make.block(ben, soon + shift, minutes=30) for shift in (timedelta(0), HALF)]
    other = make.case(harbor)
    client.force_login(dentist)
    page = client.post(url(other), {"block": blocks[1].pk, "anyway": blocks[0].pk})
    assert page.status_code == 409
    assert not other.planning_sessions.exists()


def test_the_lab_is_asked_too_before_it_moves_a_session(
    client, lab_user, dentist, first, ann, ben, soon, harbor, case
):
    before = make.block(ben, soon + timedelta(days=1))
    session = services.book(before, make.case(harbor), by=dentist, now=timezone.now())
    there, address = make.block(ben, soon), f"{SESSIONS}{session.pk}/move/"
    client.force_login(lab_user)
    page = client.post(address, {"block": there.pk})
    assert page.status_code == 400
    assert f"Dr. May has a session for case {case.number} then" in words(page)
    assert PlanningSession.objects.get(pk=session.pk).block == before
    assert not Email.objects.filter(kind="planning_moved").exists()
    assert "has moved" in said(press(client, page, address))
    assert PlanningSession.objects.get(pk=session.pk).block == there


def test_a_session_may_move_over_its_own_time(first, ann, soon, lab_user):
    there = make.block(ann, soon + HALF)
    services.move_session(first, there, by=lab_user, now=timezone.now())
    assert PlanningSession.objects.get().block == there


def test_a_planner_reads_no_number_of_a_case_that_is_not_theirs(
    first, dentist, harbor, soon, make_staff, case
):
    pia = make_staff(PLANNER, email="pia@guidepost.example")
    planner = make.Planner.objects.create(user=pia)
    own = make.block(planner, soon + timedelta(days=1))
    session = services.book(own, make.case(harbor), by=dentist, now=timezone.now())
    there = make.block(planner, soon)
    with pytest.raises(services.DentistBusy) as question:
        services.move_session(session, there, by=pia, now=timezone.now())
    assert "Dr. May has another session then" in str(question.value)
    assert case.number not in str(question.value)
