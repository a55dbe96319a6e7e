"""What a planner hears of an update, and sees of what is new to the lab."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.groups import PLANNER
from cases import drafts, services
from cases.models import Draft
from cases.progress import Progress
from portal.models import Email
from scheduling.models import PlanningSession
from scheduling.tests import make


@pytest.fixture
def planner():
    made = make.planner()
    made.user.groups.add(Group.objects.get(name=PLANNER))
    return made


@pytest.fixture
def booked(send_case, planner, now):
    """A case with a session of the planner."""
    case = send_case(now=now, patient_name="Quillon")
    block = make.block(planner, starts_at=now + timedelta(days=3))
    PlanningSession.objects.create(block=block, case=case, booked_by=case.created_by)
    type(case).objects.update(progress=Progress.SCHEDULED)
    case.refresh_from_db()
    return case


def test_an_update_after_booking_is_mailed_to_planner_and_lab(booked, planner, settings, now):
    draft = Draft.objects.create(
        form_key=drafts.update_key(booked), user=booked.created_by, case=booked, data={}
    )
    services.update_case(booked, draft, {"teeth": ["3"]}, "Ada", by=booked.created_by, now=now)
    told = Email.objects.filter(kind="case_changed")
    assert {mail.to for mail in told} == {planner.user.email, settings.LAB_EMAIL}
    for mail in told:
        assert reverse("admin:cases_case_change", args=[booked.pk]) in mail.text
        assert "Quillon" not in mail.subject + mail.text


def test_a_planner_neither_corrects_a_case_nor_says_that_the_lab_looked(client, booked, planner):
    client.force_login(planner.user)
    change, correct, looked = (
        reverse(f"admin:cases_case_{name}", args=[booked.pk])
        for name in ("change", "correct", "looked")
    )
    assert client.get(correct).status_code == 403
    assert client.post(looked, {"revision": 1}).status_code == 403
    page = client.get(change).text
    assert "nobody has looked at it yet" in page
    assert "I have looked at it" not in page


def test_a_planner_sees_what_is_new_of_their_own_cases(client, booked, planner, send_case, now):
    send_case(now=now)
    client.force_login(planner.user)
    answer = client.get(reverse("admin:cases_case_changelist"), {"looked": "no"})
    assert [case.number for case in answer.context["cl"].result_list] == [booked.number]
