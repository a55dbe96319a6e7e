"""Passwords are taken as they are typed, kept so that nobody reads them, and give a new session."""

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session

from accounts.models import User
from accounts.tests.conftest import LOGIN, PASSWORD, sign_in

# Longer than any column or hash is wide, of any kind of letters, with a space at both ends.
LONG = f" {'Ångström and drill 7, ' * 8}é "
CHANGE = "/accounts/password/change/"


def gets_in(client, person, password):
    sign_in(client, person.email, password)
    return client.get("/cases/").status_code == 200


def test_a_long_password_of_any_letters_counts_as_it_was_typed(client, person):
    assert len(LONG) > 128
    gets_in(client, person, PASSWORD)
    client.post(CHANGE, {"oldpassword": PASSWORD, "password1": LONG, "password2": LONG})
    client.logout()
    for other in (LONG.strip(), LONG[:-1], LONG[:72], LONG.lower()):
        assert not gets_in(client, person, other)
    assert gets_in(client, person, LONG)


def password_fields(client, url):
    widgets = {name: field.widget for name, field in client.get(url).context["form"].fields.items()}
    return {
        name: (widget.input_type, widget.attrs["autocomplete"])
        for name, widget in widgets.items()
        if "password" in name
    }


def test_fields_for_passwords_hide_them_and_help_password_managers(client, person):
    old, new = ("password", "current-password"), ("password", "new-password")
    assert password_fields(client, LOGIN) == {"password": old}
    sign_in(client, person.email)
    expected = {"oldpassword": old, "password1": new, "password2": new}
    assert password_fields(client, CHANGE) == expected


def test_a_password_is_kept_by_a_slow_hash_with_a_salt(db, settings):
    # The fixture of all tests has put a fast one before those of production.
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    one, other = (User(email=name) for name in ("a@x.example", "b@x.example"))
    for user in (one, other):
        user.set_password(PASSWORD)
    name, rounds, salt, _ = one.password.split("$")
    assert name == "pbkdf2_sha256"
    assert int(rounds) >= 600_000  # OWASP, Password Storage Cheat Sheet
    assert len(salt) >= 22
    assert one.password != other.password


def test_signing_in_gives_a_new_session_and_ends_the_one_of_before(client, person):
    before = client.session
    before["left"] = "by a stranger"
    before.save()
    client.cookies["sessionid"] = before.session_key
    assert gets_in(client, person, PASSWORD)
    assert client.session.session_key != before.session_key
    assert not Session.objects.filter(session_key=before.session_key).exists()


def test_who_proves_again_who_they_are_goes_on_in_a_new_session(client, person):
    sign_in(client, person.email)
    before = client.session.session_key
    client.post("/accounts/reauthenticate/", {"password": "wrong-password-here"})
    assert client.session.session_key == before
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    after = client.session.session_key
    assert after != before
    assert Session.objects.get().session_key == after
    assert UserSession.objects.get().session_key == after
    assert client.get("/cases/").status_code == 200
    # Its row in the list still ends it.
    client.post("/account/sign-out-everywhere/")
    assert not Session.objects.filter(session_key=after).exists()
    assert client.get("/cases/").status_code == 302
