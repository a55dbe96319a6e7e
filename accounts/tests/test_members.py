"""The page of owners, and what becomes of members there."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import User

MEMBERS = "/account/members/"


def step(client, member, name):
    return client.post(f"{MEMBERS}{member.pk}/{name}/", follow=True)


def test_an_owner_sees_who_is_a_member_with_role_and_last_sign_in(
    owner_client, colleague, other_practice_user
):
    User.objects.filter(pk=colleague.pk).update(last_login=datetime(2026, 3, 2, 17, tzinfo=UTC))
    page = owner_client.get(MEMBERS).text
    for shown in ("Ada Weiss", "The only owner", "Kim Lee", "Mar 2, 2026, 12:00 PM EST"):
        assert shown in page, shown
    assert other_practice_user.email not in page


def test_the_way_to_the_members_is_drawn_for_owners_only(client, owner, colleague):
    client.force_login(owner)
    assert client.get("/account/").text.count(MEMBERS) == 2  # in the menu and on the page
    client.force_login(colleague)
    page = client.get("/account/").text
    assert MEMBERS not in page
    assert "New people are invited by Ada Weiss." in page


def test_without_an_owner_the_account_page_leads_to_the_lab(dentist_client):
    assert "Please%20make%20somebody%20an%20owner" in dentist_client.get("/account/").text


def test_a_deactivated_member_is_refused_at_the_next_request(owner_client, colleague):
    theirs = Client()
    theirs.force_login(colleague)
    assert theirs.get("/cases/").status_code == 200
    page = step(owner_client, colleague, "deactivate")
    assert "Kim Lee is deactivated and signed out everywhere." in page.text
    assert theirs.get("/cases/").status_code == 302


def test_a_session_from_before_stays_closed_when_the_account_is_opened_again(
    owner_client, colleague
):
    theirs = Client()
    theirs.force_login(colleague)
    step(owner_client, colleague, "deactivate")
    assert "Kim Lee can sign in again." in step(owner_client, colleague, "reactivate").text
    assert theirs.get("/cases/").status_code == 302
    theirs.force_login(colleague)
    assert theirs.get("/cases/").status_code == 200


def test_others_stay_signed_in_when_somebody_is_deactivated(owner_client, colleague):
    step(owner_client, colleague, "deactivate")
    assert owner_client.get("/cases/").status_code == 200
    (session,) = Session.objects.all()
    assert session.get_decoded()[SESSION_KEY] != str(colleague.pk)


def test_members_of_a_practice_that_is_switched_off_are_signed_out(dentist_client, practice):
    practice.is_active = False
    practice.save(update_fields=["is_active"])
    for page in ("/cases/", "/account/", "/cases/new/"):
        answer = dentist_client.get(page)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/login/")
    assert "Signed in as" not in dentist_client.get("/").text


def test_nothing_happens_before_the_question_is_answered(owner_client, colleague):
    page = owner_client.get(f"{MEMBERS}{colleague.pk}/deactivate/").text
    assert "Deactivate Kim Lee?" in page
    colleague.refresh_from_db()
    assert colleague.is_active


def test_nobody_deactivates_themself(owner_client, owner, colleague):
    sentence = "You cannot deactivate yourself."
    page = owner_client.get(f"{MEMBERS}{owner.pk}/deactivate/").text
    assert sentence in page
    assert '<button class="btn btn-danger"' not in page
    assert sentence in step(owner_client, owner, "deactivate").text
    owner.refresh_from_db()
    assert owner.is_active


def test_a_member_is_made_owner_and_a_member_again(owner_client, colleague):
    assert "Kim Lee is now an owner." in step(owner_client, colleague, "owner").text
    colleague.refresh_from_db()
    assert colleague.owns_a_practice
    assert "not an owner any more" in step(owner_client, colleague, "member").text
    colleague.refresh_from_db()
    assert not colleague.is_owner


def test_the_only_owner_cannot_give_up_ownership(owner_client, owner, colleague):
    page = step(owner_client, owner, "member").text
    assert "is the only owner of Harbor Dental. Please make somebody else owner first." in page
    owner.refresh_from_db()
    assert owner.is_owner


def test_a_deactivated_owner_does_not_count_as_one(owner_client, owner, colleague):
    User.objects.filter(pk=colleague.pk).update(is_owner=True, is_active=False)
    assert "is the only owner" in step(owner_client, owner, "member").text


def test_one_of_two_owners_gives_up_ownership_and_the_list_with_it(owner_client, owner, colleague):
    step(owner_client, colleague, "owner")
    answer = step(owner_client, owner, "member")
    assert answer.redirect_chain[-1][0] == "/account/"
    assert owner_client.get(MEMBERS).status_code == 403


def test_an_owner_who_comes_back_is_a_member(owner_client, colleague):
    for name in ("owner", "deactivate", "reactivate"):
        step(owner_client, colleague, name)
    colleague.refresh_from_db()
    assert (colleague.is_active, colleague.is_owner) == (True, False)


def test_a_deactivated_member_is_not_made_owner(owner_client, colleague):
    step(owner_client, colleague, "deactivate")
    assert "Please reactivate the account first." in step(owner_client, colleague, "owner").text
    colleague.refresh_from_db()
    assert not colleague.is_owner


@pytest.mark.parametrize("people", [1, 3])
def test_the_page_asks_the_database_as_often_for_one_member_as_for_many(
    owner_client, owner, practice, people, django_assert_num_queries, now
):
    for number in range(people):
        email = f"m{number}@harbor.example"
        User.objects.create_user(email, name="M", practice=practice)
        practice.invitations.create(
            email=email, token_digest=email, invited_by=owner, expires_at=now
        )
    with django_assert_num_queries(6):  # session, person, members twice, owners, invitations
        owner_client.get(MEMBERS)
