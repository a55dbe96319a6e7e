from datetime import timedelta

import pytest
from django.conf import settings
from django.template import Context, Template

from cases.models import Case
from cases.progress import Progress
from scheduling import services
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS

pytestmark = pytest.mark.django_db
WHEN = "Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)"


def part(case, user):
    lab = {"name": settings.LAB_NAME, "email": settings.LAB_EMAIL, "phone": settings.LAB_PHONE}
    page = Template("{% load scheduling %}{% planning case user %}")
    return page.render(Context({"case": case, "user": user, "lab": lab}))


def test_a_case_that_is_ready_has_the_button(case, dentist):
    shown = part(case, dentist)
    assert f'href="/cases/{case.number}/schedule/"' in shown
    assert "Schedule</a>" in shown


def test_a_booked_case_has_the_facts_and_links(case, dentist, block):
    services.book(block, case, by=dentist, now=NOW)
    shown = part(case, dentist)
    assert WHEN in shown
    assert "Ann Lee" in shown
    assert "https://calendar.google.com/" in shown
    assert f'href="/cases/{case.number}/planning.ics"' in shown
    assert f"mailto:{settings.LAB_EMAIL}?subject=Case%20{case.number}" in shown
    assert "schedule/" not in shown.replace("%2F", "/")


def test_after_a_missed_session_both_are_shown(case, dentist, block, lab_user):
    session = services.book(block, case, by=dentist, now=NOW)
    services.mark_missed(session, by=lab_user, now=STARTS + timedelta(hours=1))
    shown = part(Case.objects.get(), dentist)
    assert f"Missed: {WHEN} with Ann Lee." in shown
    assert f'href="/cases/{case.number}/schedule/"' in shown


def test_there_is_nothing_to_show_for_a_new_case(harbor, dentist):
    assert part(make.case(harbor, Progress.PROCESSING), dentist).strip() == ""


def test_the_lab_sees_no_button(case, lab_user):
    assert part(case, lab_user).strip() == ""


def test_one_question_is_asked(case, dentist, block, ann, lab_user, django_assert_num_queries):
    session = services.book(block, case, by=dentist, now=NOW)
    services.cancel(session, by=lab_user, now=NOW)
    services.book(
        make.block(ann, STARTS + timedelta(days=1)), Case.objects.get(), by=dentist, now=NOW
    )
    case = Case.objects.select_related("practice").get()
    with django_assert_num_queries(1):
        part(case, dentist)
