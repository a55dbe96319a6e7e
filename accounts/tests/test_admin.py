"""What the office may do with people in admin, and that none of it leads any further up."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.models import Session
from django.test import Client

from accounts import services
from accounts.models import Invitation, Practice, User
from portal.models import Email

USERS = "/admin/accounts/user/"
INVITATIONS = "/admin/accounts/invitation/"
FORGED = {
    "is_staff": "on",
    "is_superuser": "on",
    "groups": "1",
    "user_permissions": "1",
    "password": "x",
    "password1": "a-guide-for-the-drill",
    "password2": "a-guide-for-the-drill",
    "usable_password": "true",
}


@pytest.fixture
def clerk(make_staff):
    return make_staff("Office", email="olga@guidepost.example")


@pytest.fixture
def office(client, clerk):
    client.force_login(clerk)
    return client


@pytest.fixture
def superuser_client(client, lab_user):
    client.force_login(lab_user)
    return client


def page_of(user, page="change"):
    return f"{USERS}{user.pk}/{page}/"


def form_of(user, **changes):
    row = {"email": user.email, "name": user.name, "practice": user.practice_id or ""}
    flags = {name: "on" for name in ("is_active", "is_owner") if getattr(user, name)}
    return {k: v for k, v in (row | flags | changes).items() if v is not None}


def rights_of(user):
    user = User.objects.get(pk=user.pk)
    return {
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "groups": list(user.groups.all()),
        "permissions": list(user.user_permissions.all()),
        "password": user.password,
    }


def test_the_office_changes_people_of_practices(office, colleague):
    answer = office.post(page_of(colleague), form_of(colleague, name="Kim Moss", is_owner="on"))
    assert answer.status_code == 302
    colleague.refresh_from_db()
    assert (colleague.name, colleague.is_owner) == ("Kim Moss", True)


def test_forged_fields_give_nobody_a_right_or_a_password(office, colleague):
    forged = FORGED | {
        "groups": Group.objects.get(name="Lab").pk,
        "user_permissions": Permission.objects.first().pk,
    }
    before = rights_of(colleague)
    office.post(page_of(colleague), form_of(colleague, name="Kim Moss", **forged))
    assert rights_of(colleague) == before
    colleague.refresh_from_db()
    assert colleague.name == "Kim Moss"
    # Nor on the way out of the practice: only staff belong to none.
    answer = office.post(page_of(colleague), form_of(colleague, practice="", **forged))
    assert "This field is required." in answer.text
    assert rights_of(colleague) == before


def test_the_form_of_the_office_asks_for_neither_rights_nor_password(office, colleague):
    names = set(re.findall(r'name="(\w+)"', office.get(page_of(colleague)).text))
    assert {"email", "name", "practice", "is_active", "is_owner"} <= names
    assert not names & FORGED.keys()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("page", ["change", "history", "password", "delete"])
@pytest.mark.parametrize("who", ["superuser", "staff", "self", "member who is superuser", "nobody"])
def test_staff_cannot_be_reached_by_the_office(
    office, clerk, lab_user, make_staff, colleague, who, page, method
):
    User.objects.filter(pk=colleague.pk).update(is_superuser=True)
    target = {
        "superuser": lab_user,
        "staff": make_staff("Lab"),
        "self": clerk,
        "member who is superuser": colleague,
        "nobody": User(pk=99_999),
    }[who]
    before = list(User.objects.order_by("pk").values())
    said = FORGED | {"email": "mine@evil.example", "name": "Mine", "post": "yes"}
    answer = getattr(office, method)(page_of(target, page), said)
    assert answer.status_code in (302, 403)
    if answer.status_code == 302:
        assert answer["Location"] == "/admin/"  # as for a user that does not exist
    assert list(User.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_office_sets_no_passwords(office, colleague, method):
    new = {"password1": "a-guide-for-the-drill", "password2": "a-guide-for-the-drill"}
    answer = getattr(office, method)(page_of(colleague, "password"), new)
    assert answer.status_code == 403
    colleague.refresh_from_db()
    assert not colleague.check_password("a-guide-for-the-drill")


def invite(client, practice, email="lou@harbor.example", **more):
    said = {"practice": practice.pk, "email": email, "name": "Lou", **more}
    return client.post(f"{INVITATIONS}add/", said, follow=True)


def test_the_office_invites_people_to_a_practice(office, clerk, practice, link_to):
    page = invite(office, practice, is_owner="on", **FORGED)
    assert "was added successfully" in page.text
    invitation = Invitation.objects.get()
    assert (invitation.practice, invitation.invited_by) == (practice, clerk)
    said = {"name": "Lou", "password1": "seven-crowns-of-lou", "password2": "seven-crowns-of-lou"}
    Client().post(link_to("lou@harbor.example"), said)
    member = User.objects.get(email="lou@harbor.example")
    assert (member.practice, member.is_owner, member.is_staff) == (practice, True, False)


def test_an_invitation_of_the_office_may_be_repeated(office, practice):
    for _ in range(2):
        assert "was added successfully" in invite(office, practice).text
    assert Invitation.objects.not_answered().count() == 1


def test_the_limit_of_a_practice_holds_for_the_office_too(office, practice, settings):
    settings.LIMITS = settings.LIMITS | {"invitations_an_hour_a_practice": 1}
    invite(office, practice)
    page = invite(office, practice, "zoe@harbor.example")
    assert "has sent 1 invitations within an hour" in page.text
    assert Email.objects.filter(kind="invitation").count() == 1


def test_the_office_sends_again_and_withdraws(office, practice, link_to):
    invite(office, practice)
    first = link_to("lou@harbor.example")
    chosen = {"_selected_action": [Invitation.objects.get().pk]}
    office.post(INVITATIONS, {"action": "send_again", **chosen})
    assert Client().get(first).status_code == 404
    second = link_to("lou@harbor.example")
    assert Client().get(second).status_code == 200
    chosen = {"_selected_action": [Invitation.objects.not_answered().get().pk]}
    page = office.post(INVITATIONS, {"action": "withdraw", **chosen}, follow=True)
    assert "done." in page.text
    assert Client().get(second).status_code == 404
    page = office.post(INVITATIONS, {"action": "withdraw", **chosen}, follow=True)
    assert "was used or withdrawn before" in page.text


def test_an_invitation_is_only_read_afterwards(office, practice):
    invite(office, practice)
    invitation = Invitation.objects.get()
    row = f"{INVITATIONS}{invitation.pk}"
    assert invitation.token_digest not in office.get(f"{row}/change/").text
    assert office.post(f"{row}/change/", {"email": "x@evil.example"}).status_code == 403
    assert office.post(f"{row}/delete/", {"post": "yes"}).status_code == 403


def test_the_old_address_is_told_of_a_new_one(office, colleague):
    office.post(page_of(colleague), form_of(colleague, email="Kim@New.example"))
    mail = Email.objects.get(kind="address_changed")
    assert mail.to == "kim@harbor.example"
    colleague.refresh_from_db()
    assert colleague.email == "kim@new.example"


def test_whom_the_office_deactivates_is_signed_out_for_good(office, owner, practice, now):
    theirs = Client()
    theirs.force_login(owner)
    services.invite(practice, "lou@harbor.example", "", False, by=owner, now=now)
    office.post(page_of(owner), form_of(owner, is_active=None))
    assert theirs.get("/cases/").status_code == 302
    office.post(page_of(owner), form_of(owner, is_active="on"))
    assert theirs.get("/cases/").status_code == 302
    assert not Invitation.objects.not_answered().exists()


def test_an_owner_who_is_moved_owns_neither_the_old_nor_the_new_practice(
    office, owner, make_practice
):
    elsewhere = make_practice("Hilltop Dental")
    theirs = Client()
    theirs.force_login(owner)
    office.post(page_of(owner), form_of(owner, practice=elsewhere.pk))
    owner.refresh_from_db()
    assert (owner.practice, owner.is_owner) == (elsewhere, False)
    assert theirs.get("/cases/").status_code == 302


def test_a_practice_shows_its_owners_and_is_switched_off_with_all_sessions(
    office, owner, colleague
):
    practice = owner.practice
    Client().force_login(colleague)
    assert "Ada Weiss" in office.get("/admin/accounts/practice/").text
    row = {name: getattr(practice, name) for name in ("name", "email", "time_zone")}
    row |= {"tooth_numbering": "universal", "requires_mfa": "on"}
    inlines = {"dentists-TOTAL_FORMS": 0, "dentists-INITIAL_FORMS": 0}
    inlines |= {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}
    office.post(f"/admin/accounts/practice/{practice.pk}/change/", row | inlines)
    practice = Practice.objects.get()
    assert (practice.is_active, practice.requires_mfa) == (False, True)
    assert Session.objects.count() == 1  # that of the office


def test_a_superuser_gives_rights(superuser_client, make_staff):
    sam = make_staff("Lab")
    office = Group.objects.get(name="Office")
    said = form_of(sam, is_staff="on", groups=office.pk)
    assert superuser_client.post(page_of(sam), said).status_code == 302
    assert list(sam.groups.all()) == [office]


PRACTICES = "/admin/accounts/practice/"


def test_a_practice_that_can_send_no_case_is_marked(office, practice, make_practice):
    silent = make_practice("Silent Dental")
    silent.dentists.update(is_active=False)
    shown = {one.name: one.shown_dentists for one in office.get(PRACTICES).context["cl"].queryset}
    assert [bool(shown[name]) for name in ("Harbor Dental", "Silent Dental")] == [True, False]
    assert office.get(PRACTICES).text.count("<strong>No active dentist</strong>") == 1
    found = office.get(f"{PRACTICES}?dentists=none").context["cl"].queryset
    assert [one.name for one in found] == ["Silent Dental"]
    assert (
        "<strong>No active dentist</strong>" in office.get(f"{PRACTICES}{silent.pk}/change/").text
    )
    page = office.get(f"{PRACTICES}{practice.pk}/change/").text
    assert "Dr. Ada Weiss" in page
    assert "<strong>No active dentist</strong>" not in page
    assert office.get(f"{PRACTICES}add/").status_code == 200
