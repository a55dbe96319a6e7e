"""From the form of a superuser to the first page of admin of somebody new at the lab."""

import re
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core import signing
from django.test import Client

from accounts import services
from accounts.models import Access, User
from accounts.sign_in import staff_links
from accounts.tests.conftest import sign_in
from accounts.tests.test_second_step import set_up_app
from portal.models import Email

USERS = "/admin/accounts/user/"
PASSWORD = "four-crowns-and-a-bridge"
REFUSAL = "This invitation does not work"


@pytest.fixture
def superuser_client(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def zoe(superuser_client):
    said = {"email": "Zoe@guidepost.example", "name": "Zoe Lab"}
    said |= {"groups": Group.objects.get(name="Lab").pk}
    superuser_client.post(f"{USERS}add/", said)
    return User.objects.get(email="zoe@guidepost.example")


def link_to(user):
    text = Email.objects.filter(to=user.email, kind="staff_invited").first().text
    return re.search(r"https?://[^/\s]+(/account/staff/\S+)", text)[1]


def choose(link, password=PASSWORD):
    return Client().post(link, {"password1": password, "password2": password}, follow=True)


def send_again(client, user):
    said = {"action": "send_again", "_selected_action": [user.pk]}
    return client.post(USERS, said, follow=True).text


def test_new_staff_choose_a_password_set_up_a_second_step_and_are_in_admin(zoe):
    assert (zoe.is_staff, zoe.is_superuser, zoe.has_usable_password()) == (True, False, False)
    page = choose(link_to(zoe))
    assert page.redirect_chain[-1][0] == "/accounts/login/?next=/admin/"
    assert f"Please sign in as {zoe.email}." in page.text
    theirs = Client()
    sign_in(theirs, zoe.email, PASSWORD)
    assert "Each lets you in once" in set_up_app(theirs).text
    assert theirs.get("/admin/").status_code == 200


def test_the_mail_says_who_gives_access_and_what_is_needed(zoe, lab_user, settings):
    mail = Email.objects.get()
    given = f"You have been given access to {settings.LAB_NAME}, by {lab_user}"
    assert (mail.kind, mail.subject, mail.is_secret) == ("staff_invited", given, True)
    assert "Hello Zoe Lab" in mail.text
    assert "you set up a second step" in mail.text


def test_the_link_is_gone_from_the_row_once_the_mail_is_sent(
    superuser_client, django_capture_on_commit_callbacks, sent
):
    with django_capture_on_commit_callbacks(execute=True):
        superuser_client.post(f"{USERS}add/", {"email": "zoe@guidepost.example", "name": "Zoe"})
    assert "/account/staff/" in sent()[0].get_body("plain").get_content()
    assert "/account/staff/" not in Email.objects.get().text


def test_a_link_works_once(zoe):
    link = link_to(zoe)
    choose(link)
    assert REFUSAL in choose(link, "another-guide-for-it").text
    zoe.refresh_from_db()
    assert zoe.check_password(PASSWORD)
    noted = Access.objects.get(action="password")
    assert (noted.user, noted.result) == (zoe, "done")


@pytest.mark.parametrize(("days", "status"), [(6.9, 200), (7.1, 404)])
def test_a_link_works_for_a_week(zoe, days, status, monkeypatch):
    at = time.time() - timedelta(days=days).total_seconds()
    with monkeypatch.context() as then:
        then.setattr(signing.time, "time", lambda: at)
        token = staff_links.token(zoe)
    assert Client().get(f"/account/staff/{token}/").status_code == status


def test_of_two_who_choose_at_once_one_loses(zoe):
    first, second = staff_links.user_of(staff_links.token(zoe)), User.objects.get(pk=zoe.pk)
    services.choose_first_password(first, PASSWORD, None)
    with pytest.raises(services.NoSuchInvitation):
        services.choose_first_password(second, "another-guide-for-it", None)


def test_a_weak_password_is_refused_with_a_sentence(zoe):
    assert "too short" in choose(link_to(zoe), "short").text
    assert choose(link_to(zoe), "short").status_code == 422


@pytest.mark.parametrize(
    "change", [{"is_active": False}, {"is_staff": False}, {"email": "zoe2@guidepost.example"}]
)
def test_a_link_is_for_the_account_as_it_was(zoe, change):
    link = link_to(zoe)
    User.objects.filter(pk=zoe.pk).update(**change)
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize("token", ["x", "W10:1vP:abc", "a" * 3000])
def test_a_made_up_link_is_refused(client, db, token):
    answer = client.get(f"/account/staff/{token}/")
    assert (answer.status_code, REFUSAL in answer.text) == (404, True)


def test_a_superuser_sends_the_link_again_and_the_one_before_works_no_more(superuser_client, zoe):
    before = link_to(zoe)
    page = send_again(superuser_client, zoe)
    assert "It works once, until" in page
    assert Client().get(before).status_code == 404
    assert Client().get(link_to(zoe)).status_code == 200


def test_who_has_a_password_is_sent_no_first_one(superuser_client, zoe, dentist_user):
    choose(link_to(zoe))
    assert "They have chosen a password already." in send_again(superuser_client, zoe)
    assert "Only staff whose account is open" in send_again(superuser_client, dentist_user)
    assert Email.objects.filter(kind="staff_invited").count() == 1
    zoe.refresh_from_db()
    assert zoe.check_password(PASSWORD)


def test_the_office_sends_no_such_links(client, zoe, make_staff, dentist_user):
    client.force_login(make_staff("Office"))
    assert "send_again" not in client.get(USERS).text
    send_again(client, zoe)
    send_again(client, dentist_user)
    assert Email.objects.filter(kind="staff_invited").count() == 1


def test_who_never_came_in_may_also_ask_for_a_link_as_everybody(zoe, ask_for_link):
    ask_for_link(zoe.email)
    assert Email.objects.filter(kind="password_reset_key", to=zoe.email).exists()
