"""Somebody of the lab opens one case for an hour, and its practice is told."""

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.utils import timezone

from accounts.groups import EMERGENCY
from accounts.models import Access, User
from cases.models import EmergencyGrant
from portal.models import Email

PAGE = "/admin/emergency/"
REASON = "Jane Roe is in surgery now and her guide does not fit."


@pytest.fixture
def eve(make_staff):
    return make_staff(EMERGENCY, email="eve@guidepost.example")


@pytest.fixture
def desk(client, eve):
    client.force_login(eve)
    return client


@pytest.fixture
def owners(practice, dentist_user):
    """Two owners, one of whom left; and a member who is none."""
    User.objects.create_user(
        "gone@harbor.example", practice=practice, is_owner=True, is_active=False
    )
    return [User.objects.create_user("olga@harbor.example", practice=practice, is_owner=True)]


def ask(desk, number="26-10000", reason=REASON):
    return desk.post(PAGE, {"number": number, "reason": reason})


def said(response):
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.mark.ignore_template_errors
def test_a_reason_opens_the_case_to_read(desk, eve, case, owners):
    case.prescriptions.create(revision=1, snapshot={})
    pages = [case.get_absolute_url(), f"/admin/cases/case/{case.pk}/change/"]
    assert [desk.get(url).status_code for url in pages] == [404, 404]
    answer = ask(desk)
    assert answer.url == PAGE
    assert f"Case {case} is open to you until" in said(answer)
    assert [desk.get(url).status_code for url in pages] == [200, 200]
    # Not ready, and so theirs to ask for.
    assert desk.get(f"{case.get_absolute_url()}rx/1/").status_code == 302
    assert case.number in desk.get(PAGE).text
    grant = EmergencyGrant.objects.get()
    assert (grant.user, grant.reason) == (eve, REASON)
    assert grant.until - grant.at == timedelta(hours=1)


def test_the_owners_are_told_by_mail_without_a_name(desk, case, owners, dentist_user):
    ask(desk)
    mail = Email.objects.get()
    assert (mail.kind, mail.to) == ("emergency_access", "olga@harbor.example")
    assert mail.subject == f"Emergency access to case {case.number}"
    for words in ("Sam Staff, eve@guidepost.example", case.practice.name, "When: ", "(America/"):
        assert words in mail.text
    for words in ("Jane", "Roe", "surgery"):
        assert words not in mail.subject + mail.text + mail.html


def test_a_practice_without_owners_is_told_at_its_own_address(desk, case):
    ask(desk)
    assert Email.objects.get().to == case.practice.email


def test_it_is_logged_with_its_reason_for_the_owners(desk, client, case, owners):
    ask(desk)
    row = Access.objects.get(action="emergency")
    assert (row.case_number, row.practice, row.note) == (case.number, case.practice, REASON)
    client.force_login(owners[0])
    page = client.get("/account/access/", {"case": case.number}).text
    assert REASON in page
    assert "Lab: Sam Staff" in page


def test_it_ends_by_itself(desk, case, owners):
    ask(desk)
    EmergencyGrant.objects.update(until=timezone.now())
    assert desk.get(case.get_absolute_url()).status_code == 404
    assert "No case is open to you" in desk.get(PAGE).text


def test_it_ends_by_a_button(desk, case, owners):
    ask(desk)
    grant = EmergencyGrant.objects.get()
    answer = desk.post(f"{PAGE}{grant.pk}/end/")
    assert said(answer).endswith(f"Case {case} is no longer open to you.")
    assert desk.get(case.get_absolute_url()).status_code == 404
    assert Access.objects.filter(action="emergency_end", case_number=case.number).count() == 1
    assert desk.post(f"{PAGE}{grant.pk}/end/").status_code == 404


def test_nobody_ends_or_uses_that_of_another(client, desk, make_staff, case, owners):
    ask(desk)
    desk.get(PAGE)  # which shows the message that the case is open
    client.force_login(make_staff(EMERGENCY, email="max@guidepost.example"))
    assert client.get(case.get_absolute_url()).status_code == 404
    assert case.number not in client.get(PAGE).text
    grant = EmergencyGrant.objects.get()
    assert client.post(f"{PAGE}{grant.pk}/end/").status_code == 404
    assert EmergencyGrant.objects.get().until > timezone.now()


def test_who_leaves_the_group_loses_it_on_the_next_request(desk, eve, case, owners):
    ask(desk)
    eve.groups.clear()
    assert desk.get(case.get_absolute_url()).status_code == 404
    assert desk.get(PAGE).status_code == 403


@pytest.mark.parametrize("reason", ["", "Need it", " " * 40, "\u200b" * 40])
def test_a_reason_must_say_something(desk, case, reason):
    answer = ask(desk, reason=reason)
    assert answer.status_code == 422
    assert "Please" in answer.text
    assert not EmergencyGrant.objects.exists()
    assert not Email.objects.exists()


@pytest.mark.parametrize(("number", "kept"), [("26-99999", "26-99999"), ("Jane Roe", "")])
def test_a_number_that_no_case_has_is_said_and_noted(desk, case, number, kept):
    answer = ask(desk, number)
    assert answer.status_code == 422
    assert "There is no case of this number" in answer.text
    row = Access.objects.latest("pk")
    assert (row.action, row.result, row.case_number) == ("emergency", "not_there", kept)


def test_the_header_of_admin_leads_there(desk):
    assert f'href="{PAGE}"' in desk.get("/admin/").text
