"""Owners are told who sees the cases of their practice, and where confirmations go, by whom."""

import pytest

from accounts import services
from accounts.groups import OFFICE
from accounts.models import User
from portal.models import Email

OWNER, FRONT = "ada@harbor.example", "front@harbor.example"
NEW = "lou@harbor.example"
USER = "/admin/accounts/user/{}/change/"
PRACTICE = "/admin/accounts/practice/{}/change/"
PASSWORD = "seven-crowns-of-lou"

pytestmark = pytest.mark.ignore_template_errors  # of Django admin


def told(kind="members_changed", to=OWNER):
    """The texts of the mails of a kind to an address, the oldest first."""
    mails = Email.objects.filter(kind=kind, to=to).order_by("pk")
    return list(mails.values_list("text", flat=True))


@pytest.fixture
def office_client(client, make_staff):
    client.force_login(make_staff(OFFICE, email="olga@guidepost.example"))
    return client


def change_user(client, user, **changes):
    row = {"email": user.email, "name": user.name, "practice": user.practice.pk}
    row |= {"is_active": "on"} if user.is_active else {}
    row |= {"is_owner": "on"} if user.is_owner else {}
    row = {name: value for name, value in (row | changes).items() if value is not None}
    answer = client.post(USER.format(user.pk), row)
    assert answer.status_code == 302


def invite_by_admin(client, practice, **more):
    data = {"practice": practice.pk, "email": NEW, "name": "Lou", **more}
    assert client.post("/admin/accounts/invitation/add/", data).status_code == 302


def come_in(client, link):
    said = {"name": "Lou Mars", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(link, said).status_code == 302


@pytest.mark.parametrize("role", ["member", "owner"])
def test_owners_hear_of_each_new_member_and_owner(owner_client, link_to, role):
    owner_client.post("/account/members/", {"email": NEW, "name": "Lou", "role": role})
    assert len(told()) == (role == "owner")
    come_in(owner_client, link_to(NEW))
    text = told()[-1]
    article = "an owner" if role == "owner" else "a member"
    assert f"Lou Mars ({NEW}) has accepted an invitation and is {article} now." in text
    assert f"Who did it: Ada Weiss ({OWNER})" in text
    assert told(to=NEW) == told(to=FRONT) == []


def test_an_owner_hears_at_once_whom_another_one_invites_as_owner(owner_client, colleague):
    User.objects.filter(pk=colleague.pk).update(is_owner=True)
    owner_client.post("/account/members/", {"email": NEW, "name": "Lou", "role": "owner"})
    (text,) = told(to=colleague.email)
    assert f"Lou ({NEW}) was invited as an owner." in text


@pytest.mark.parametrize(("role", "words"), [({}, "a member"), ({"is_owner": "on"}, "an owner")])
def test_owners_hear_at_once_whom_the_office_invites(owner, office_client, practice, role, words):
    invite_by_admin(office_client, practice, **role)
    (text,) = told()
    assert f"Lou ({NEW}) was invited as {words}." in text
    assert "Who did it: Sam Staff (olga@guidepost.example of Guidepost Dental Lab)" in text


def test_whether_an_invited_address_has_an_account_does_not_show(
    owner, office_client, practice, other_practice_user
):
    invite_by_admin(office_client, practice)
    invite_by_admin(office_client, practice, email=other_practice_user.email)
    first, second = told()
    assert second == first.replace(NEW, other_practice_user.email)


def test_without_an_owner_the_confirmation_address_hears_of_it_without_a_typed_name(
    dentist_user, office_client, practice
):
    invite_by_admin(office_client, practice, is_owner="on", name="Click evil.example")
    (text,) = told(to=FRONT)
    assert f"{NEW} was invited as an owner." in text
    assert "evil.example" not in text
    assert "/account/members/" not in text


def test_owners_hear_who_was_made_owner_and_who_came_back(owner_client, colleague):
    step = f"/account/members/{colleague.pk}/"
    owner_client.post(f"{step}owner/")
    owner_client.post(f"{step}owner/")
    owner_client.post(f"{step}deactivate/")
    owner_client.post(f"{step}reactivate/")
    owner_client.post(f"{step}reactivate/")
    first, second = told()
    assert "Kim Lee (kim@harbor.example) is an owner now." in first
    assert "Kim Lee (kim@harbor.example) was deactivated and can sign in again." in second


@pytest.mark.parametrize(
    ("before", "change", "words"),
    [
        ({}, {"is_owner": "on"}, ["is an owner now."]),
        ({"is_active": False}, {"is_active": "on"}, ["can sign in again."]),
        ({}, {"email": "olga@guidepost.example.net"}, ["signs in with this address now"]),
        ({"is_owner": True}, {"is_owner": None}, []),
        ({}, {"is_active": None}, []),
        ({}, {"name": "Kim Moss"}, []),
    ],
)
def test_owners_hear_what_the_office_does_to_members(
    owner, office_client, colleague, before, change, words
):
    User.objects.filter(pk=colleague.pk).update(**before)
    colleague.refresh_from_db()
    change_user(office_client, colleague, **change)
    texts = told()
    assert len(texts) == len(words)
    for text, said in zip(texts, words, strict=True):
        assert said in text
        assert "olga@guidepost.example of" in text


def test_owners_hear_whom_the_office_moves_in(owner, office_client, practice, other_practice_user):
    change_user(office_client, other_practice_user, practice=practice.pk)
    (text,) = told()
    assert "Ben Ode (ben@hilltop.example) was moved to your practice" in text


def change_practice(client, practice, **changes):
    row = {"name": practice.name, "email": practice.email, "time_zone": practice.time_zone}
    row |= {"tooth_numbering": "universal", "is_active": "on"} | changes
    for prefix in ("dentists", "members"):
        row |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    assert client.post(PRACTICE.format(practice.pk), row).status_code == 302


def test_owners_and_the_old_address_hear_of_a_new_confirmation_address(
    owner, office_client, practice
):
    change_practice(office_client, practice, phone="555")
    assert not Email.objects.exists()
    change_practice(office_client, practice, email="new@harbor.example")
    for to in (OWNER, FRONT):
        (text,) = told("practice_address_changed", to)
        assert "Before: front@harbor.example\nNow: new@harbor.example" in text
        assert "olga@guidepost.example of" in text
    assert told("practice_address_changed", "new@harbor.example") == []


def of_the_form(practice, **changes):
    return {
        "save_practice": "1",
        "email": practice.email,
        "time_zone": practice.time_zone,
        "tooth_numbering": "fdi",
    } | changes


def test_an_owner_changes_the_address_and_all_owners_hear_of_it(
    owner_client, owner, practice, colleague
):
    User.objects.filter(pk=colleague.pk).update(is_owner=True)
    User.objects.filter(pk=owner.pk).update(name="Win at evil.example")
    owner_client.post("/account/", of_the_form(practice, email="new@harbor.example"))
    practice.refresh_from_db()
    assert practice.email == "new@harbor.example"
    for to in (OWNER, colleague.email, FRONT):
        (text,) = told("practice_address_changed", to)
        assert f"{OWNER}" in text
        # That address may be a stranger's, to whom no typed name goes.
        assert ("evil.example" in text) == (to != FRONT)


def test_a_member_sees_the_address_and_who_can_change_it(client, owner, colleague, practice):
    client.force_login(colleague)
    page = client.get("/account/").text
    assert "Owners can change this address. Please ask Ada Weiss." in page
    assert client.post("/account/", of_the_form(practice, email="kim@x.example")).status_code == 302
    practice.refresh_from_db()
    assert (practice.email, practice.tooth_numbering) == (FRONT, "fdi")
    assert not Email.objects.exists()


def test_a_member_who_saves_does_not_undo_a_new_address(practice, dentist_user):
    stale = dentist_user.practice
    type(practice).objects.filter(pk=practice.pk).update(email="new@harbor.example")
    services.change_practice(stale, ["phone"], by=dentist_user)
    practice.refresh_from_db()
    assert practice.email == "new@harbor.example"
    assert not Email.objects.exists()


def test_a_name_brings_no_lines_of_its_own_into_a_mail(office_client, practice, owner):
    typed = {"practice": practice.pk, "email": "eve@evil.example", "is_owner": "on"}
    office_client.post("/admin/accounts/invitation/add/", {**typed, "name": "Eve\r\nBcc: x"})
    assert "Eve Bcc: x (eve@evil.example) was invited" in told()[-1]
