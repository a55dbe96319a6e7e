"""What speaks against a time is asked about before a session is booked there or moved there."""

from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from accounts.groups import PLANNER
from accounts.models import Dentist
from cases.models import Case
from cases.progress import Progress
from cases.rx.revisions import new_revision
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
    with pytest.raises(services.DoubtfulTime, match=question):
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
    with pytest.raises(services.DoubtfulTime) as question:
        services.move_session(session, there, by=pia, now=timezone.now())
    assert "Dr. May has another session then" in str(question.value)
    assert case.number not in str(question.value)


# STARTS is December 1; a session then lets the guide ship on December 8.
@pytest.mark.parametrize(
    ("surgery", "sentence"),
    [
        (date(2026, 12, 7), "With a session then, the guide ships on Dec 8, after the surgery on"),
        (date(2026, 12, 8), "With a session then, the guide ships on Dec 8, the day of the"),
        (date(2026, 12, 9), "With a session then, the guide ships on Dec 8, just before the"),
        (date(2026, 12, 18), ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("was", [Progress.READY, Progress.NO_SHOW])
def test_a_session_that_pushes_the_ship_date_to_the_surgery_is_asked_about(
    ann, harbor, dentist, surgery, sentence, was
):
    ship_date = None if was == Progress.NO_SHOW else date(2026, 11, 16)
    case = make.case(harbor, was, surgery_date=surgery, ship_date=ship_date)
    block = make.block(ann)
    if sentence:
        with pytest.raises(services.DoubtfulTime, match=sentence):
            services.book(block, case, by=dentist, now=NOW)
        assert not PlanningSession.objects.exists()
    services.book(block, case, by=dentist, now=NOW, anyway=True)
    stored = Case.objects.get()
    assert stored.ship_date == date(2026, 12, 8)
    confirmed = [event.note for event in stored.events.filter(kind="dates_asked")]
    assert len(confirmed) == bool(sentence)
    assert all(note.startswith("The guide ships on Dec 8") for note in confirmed)


def test_a_session_that_leaves_the_ship_date_is_not_asked_about_again(ann, harbor, dentist):
    case = make.case(harbor, surgery_date=date(2026, 12, 9), ship_date=date(2026, 12, 8))
    services.book(make.block(ann), case, by=dentist, now=NOW)
    assert not case.events.filter(kind="dates_asked").exists()


def test_both_doubts_are_one_question(ann, ben, case, harbor, dentist):
    services.book(make.block(ann), case, by=dentist, now=NOW)
    other = make.case(harbor, surgery_date=date(2026, 12, 8))
    with pytest.raises(services.DoubtfulTime) as question:
        services.book(make.block(ben), other, by=dentist, now=NOW)
    assert "Dr. May has a session" in str(question.value)
    assert "the guide ships on Dec 8, the day of the surgery" in str(question.value)


def test_who_presses_go_again_books_the_late_session_and_the_lab_reads_it(
    client, dentist, lab_user, ann, harbor, soon
):
    case = make.case(harbor, surgery_date=soon.date(), ship_date=None, progress=Progress.NO_SHOW)
    there = make.block(ann, soon)
    client.force_login(dentist)
    page = client.post(url(case), {"block": there.pk})
    assert page.status_code == 409
    assert "With a session then, the guide ships on" in words(page)
    assert "Press Go again" in words(page)
    assert press(client, page, url(case)).url == url(case)
    assert case.planning_sessions.get().block == there
    client.force_login(lab_user)
    of_lab = words(client.get(f"/admin/cases/case/{case.pk}/change/"))
    assert "Confirmed</strong> after being asked" in of_lab
    assert "after the surgery on" in of_lab


def test_the_lab_is_asked_before_it_moves_a_session_behind_the_surgery(
    client, dentist, lab_user, ann, harbor, soon
):
    surgery = (soon + timedelta(days=40)).date()
    case = make.case(harbor, surgery_date=surgery)
    session = services.book(make.block(ann, soon), case, by=dentist, now=timezone.now())
    late = make.block(ann, soon + timedelta(days=38))
    client.force_login(lab_user)
    address = f"{SESSIONS}{session.pk}/move/"
    page = client.post(address, {"block": late.pk})
    assert page.status_code == 400
    assert "With a session then, the guide ships on" in words(page)
    assert "has moved" in said(press(client, page, address))
    assert PlanningSession.objects.get().block == late
    assert case.events.filter(kind="dates_asked", actor=lab_user).exists()


def test_a_correction_that_gives_a_dentist_two_sessions_at_once_says_so(
    client, first, ben, soon, harbor, dentist, lab_user
):
    other = make.case(harbor)
    marsh = Dentist.objects.create(
        practice=harbor, name="Dr. Marsh", license_number="D-2", license_state="ME"
    )
    Case.objects.filter(pk=other.pk).update(dentist=marsh)
    other.refresh_from_db()
    services.book(make.block(ben, soon), other, by=dentist, now=timezone.now())
    new_revision(other, "Marsh", by=dentist, now=timezone.now())
    client.force_login(lab_user)
    address = reverse("admin:cases_case_correct", args=[other.pk])
    [form] = [one for one in forms_in(client.get(address).text, address) if "reason" in one.plain()]
    typed = {"dentist": first.case.dentist_id, "description": "Work.", "reason": "As phoned."}
    typed |= {"teeth": "14"}
    answer = form.send(client, form.plain() | typed)
    other.refresh_from_db()
    assert other.dentist == first.case.dentist
    text = f"has two planning sessions at the same time now: of this case and of case {first.case}"
    assert text in " ".join(map(str, get_messages(answer.wsgi_request)))
