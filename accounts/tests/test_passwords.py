import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.tests.conftest import PASSWORD, sign_in

CHANGE = "/accounts/password/change/"
FIELD = 'name="{}"'


@pytest.mark.parametrize(
    "weak",
    [
        "shortish-11",
        "password12345",
        "Password2026!!",
        "1234567890123",
        "qwertyqwerty",
        "dragondragondragon",
        "guidepost-2026",
        "123dentist4567",
        "ada@harbor.example",
    ],
)
def test_a_password_that_is_guessed_soon_is_refused(person, weak):
    with pytest.raises(ValidationError):
        validate_password(weak, person)


@pytest.mark.parametrize(
    "good",
    [
        "four crowns and a bridge",
        "alllowercaseletterswithoutsigns",
        "473915026481",
        "zwölf-Backenzähne-und-ein-Hund",
        "x1-" * 50,
        "long words " * 90,
    ],
)
def test_long_passwords_of_any_kind_are_taken(client, person, good):
    sign_in(client, person.email)
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": good, "password2": good})
    client.post("/accounts/logout/")
    assert sign_in(client, person.email, good).status_code == 302


def test_programs_that_keep_passwords_know_the_fields(client, person):
    page = client.get("/accounts/login/").content.decode()
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    sign_in(client, person.email)
    page = client.get(CHANGE).content.decode()
    assert page.count('autocomplete="new-password"') == 2
    assert page.count('autocomplete="current-password"') == 1
    assert "onpaste" not in page
