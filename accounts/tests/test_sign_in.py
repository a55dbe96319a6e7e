import re

import pytest

from accounts.adapter import AccountAdapter
from accounts.models import User
from portal.models import Email

PASSWORD = "a-guide-for-the-drill"
LOGIN = "/accounts/login/"


@pytest.fixture
def person(dentist_user):
    dentist_user.set_password(PASSWORD)
    dentist_user.save()
    return dentist_user


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


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


def test_a_forgotten_password_is_reset_by_mail(client, person):
    client.post("/accounts/password/reset/", {"email": person.email})
    mail = Email.objects.get()
    assert mail.to == person.email
    assert person.name in mail.text
    link = re.search(r"https?://[^/]+(/\S+)", mail.text)[1]

    form = client.get(link, follow=True)
    new = "another-guide-for-it"
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    assert sign_in(client, person.email, new)["Location"] == "/cases/"


def test_a_reset_for_an_unknown_address_answers_the_same_and_mails_nobody(client, person):
    known = client.post("/accounts/password/reset/", {"email": person.email})
    unknown = client.post("/accounts/password/reset/", {"email": "who@x.example"})
    assert known["Location"] == unknown["Location"]
    assert Email.objects.count() == 1


def test_a_password_is_changed_with_the_old_one(client, person):
    sign_in(client, person.email)
    new = "another-guide-for-it"
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
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
