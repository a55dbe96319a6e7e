import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from accounts.models import PasswordReset, User
from accounts.sign_in.adapter import AccountAdapter
from accounts.tests.conftest import LOGIN, PASSWORD, sign_in
from portal.models import Email


def test_email_and_password_open_the_list_of_cases(client, person):
    assert sign_in(client, person.email)["Location"] == "/cases/"
    assert client.get("/cases/").status_code == 200


def test_the_email_may_be_typed_in_any_case(client, person):
    assert sign_in(client, person.email.upper()).status_code == 302


def test_an_email_that_the_lab_types_in_capitals_still_signs_in(client, person, lab_user):
    client.force_login(lab_user)
    page = f"/admin/accounts/user/{person.pk}/change/"
    answer = client.post(
        page,
        {"email": "Ada.Weiss@Harbor.Example", "name": "Ada", "practice": person.practice.pk,
         "is_active": "on"},
    )  # fmt: skip
    assert answer.status_code == 302
    client.logout()
    assert sign_in(client, "Ada.Weiss@harbor.example").status_code == 302


@pytest.mark.parametrize("password", ["wrong-password-here", "", "\x00"])
def test_a_wrong_password_gets_a_sentence(client, person, password):
    answer = sign_in(client, person.email, password)
    assert answer.status_code == 200
    assert client.get("/cases/").status_code == 302


def test_sign_in_leads_on_to_the_page_that_was_asked_for_but_never_elsewhere(client, person):
    assert sign_in(client, person.email, next="/cases/new/")["Location"] == "/cases/new/"
    client.logout()
    away = sign_in(client, person.email, next="https://evil.example/")["Location"]
    assert away == "/cases/"


def test_members_of_a_practice_that_is_not_active_cannot_sign_in(client, person, practice):
    practice.is_active = False
    practice.save()
    answer = client.post(LOGIN, {"login": person.email, "password": PASSWORD}, follow=True)
    assert "Account closed" in answer.content.decode()
    assert client.get("/cases/").status_code == 302


def test_signing_out_ends_the_session(client, person):
    sign_in(client, person.email)
    client.post("/accounts/logout/")
    assert client.get("/cases/").status_code == 302


def test_nobody_signs_up_by_themselves(client, db):
    page = client.get("/accounts/signup/").content.decode()
    assert "password1" not in page
    client.post("/accounts/signup/", {"email": "new@x.example", "password1": PASSWORD})
    assert not User.objects.exists()


NEW = "another-guide-for-it"


def link_in(mail):
    return re.search(r"https?://[^/]+(/\S+)", mail.text)[1]


def set_password(client, link, new):
    form = client.get(link, follow=True)
    where = form.redirect_chain[-1][0] if form.redirect_chain else link
    return client.post(where, {"password1": new, "password2": new}, follow=True)


def test_a_forgotten_password_is_reset_by_mail(client, person, ask_for_link):
    ask_for_link(person.email.upper())
    mail = Email.objects.get()
    assert mail.to == person.email
    assert person.name in mail.text
    new = "another-guide-for-it"
    set_password(client, link_in(mail), new)
    assert sign_in(client, person.email, new)["Location"] == "/cases/"
    changed = Email.objects.get(kind="sign_in_changed")
    assert "A new password was set by a link from a mail." in changed.text


def test_a_reset_link_works_once(client, person, ask_for_link):
    ask_for_link(person.email)
    link = link_in(Email.objects.get(kind="password_reset_key"))
    set_password(client, link, "another-guide-for-it")
    page = set_password(client, link, "a-third-guide-for-it")
    assert "This link no longer works" in page.content.decode()
    person.refresh_from_db()
    assert person.check_password("another-guide-for-it")


def test_a_reset_link_works_for_an_hour(client, person, ask_for_link, monkeypatch):
    ask_for_link(person.email)
    link = link_in(Email.objects.get(kind="password_reset_key"))
    for minutes, says in [(61, "no longer works"), (59, "Choose a new password")]:
        later = datetime.now() + timedelta(minutes=minutes)
        monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self, at=later: at)
        assert says in client.get(link, follow=True).content.decode()


def test_a_reset_ends_every_session_and_signs_nobody_in(client, person, ask_for_link):
    elsewhere = Client()
    sign_in(elsewhere, person.email)
    ask_for_link(person.email)
    set_password(client, link_in(Email.objects.get(kind="password_reset_key")), NEW)
    assert client.get("/cases/").status_code == 302
    assert elsewhere.get("/cases/").status_code == 302


def test_a_reset_for_an_unknown_address_answers_the_same_and_mails_nobody(
    person, other_practice_user, ask_for_link, make_practice
):
    other_practice_user.is_active = False
    other_practice_user.save()
    closed = make_practice("Closed Dental", is_active=False)
    gone = User.objects.create_user("gone@closed.example", practice=closed)
    known = ask_for_link(person.email)
    for email in ("who@x.example", other_practice_user.email, gone.email):
        assert ask_for_link(email)["Location"] == known["Location"]
    assert Email.objects.count() == 1
    assert not PasswordReset.objects.exists()


def test_a_password_is_changed_with_the_old_one(client, person):
    sign_in(client, person.email)
    new = "another-guide-for-it"
    client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    person.refresh_from_db()
    assert person.check_password(new)


def test_short_and_common_passwords_are_refused(client, person):
    sign_in(client, person.email)
    for weak in ("short1", "password123"):
        client.post(
            "/accounts/password/change/",
            {"oldpassword": PASSWORD, "password1": weak, "password2": weak},
        )
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_staff_sign_in_at_the_same_place_as_everybody(client, db):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(LOGIN)


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.2"), (1, "198.51.100.7")])
def test_sign_in_limits_go_by_the_address_that_the_proxies_name(rf, settings, proxies, address):
    """A browser may claim anything in the header; the nearest proxy says what it saw."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    claims = {"x-forwarded-for": "203.0.113.1, 198.51.100.7"}
    request = rf.get("/accounts/login/", headers=claims, REMOTE_ADDR="10.0.0.2")
    assert AccountAdapter().get_client_ip(request) == address


def test_a_link_that_could_not_be_written_is_tried_again_in_admin(client, lab_user):
    asked = PasswordReset.objects.create(email="ada@harbor.example", work_state="failed")
    client.force_login(lab_user)
    page = client.get("/admin/status/").text
    address = re.search(r'href="(/admin/accounts/passwordreset/[^"]+)"', page)[1]
    client.post(address, {"action": "try_again", "_selected_action": [asked.pk]})
    asked.refresh_from_db()
    assert asked.work_state == "waiting"
