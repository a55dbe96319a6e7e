"""SECRET_KEY can be changed while the portal is in use."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.sign_in import second_step
from accounts.sign_in.allauth_internals import RecoveryCodes
from accounts.tests.conftest import PASSWORD, come_in, sign_in
from accounts.tests.test_second_step import add_passkey
from portal.models import Email

NEW = "another-key-that-is-long-enough-0123456789-abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def change_key(settings):
    """A function that changes the key; the one before is kept beside it."""

    def change():
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = NEW

    return change


@pytest.mark.parametrize(("keeps_old", "status"), [(True, 200), (False, 302)])
def test_with_the_key_of_before_people_stay_signed_in(
    dentist_client, change_key, settings, keeps_old, status
):
    change_key()
    if not keeps_old:
        settings.SECRET_KEY_FALLBACKS = []
    assert dentist_client.get("/cases/").status_code == status


def lock():
    said = StringIO()
    call_command("lock_second_steps", stdout=said)
    return said.getvalue()


def test_second_steps_locked_anew_need_the_key_of_before_no_more(
    client, careful, change_key, settings
):
    codes = RecoveryCodes.activate(careful).get_unused_codes()
    change_key()
    assert lock() == "Second steps locked with the SECRET_KEY of now: 2.\n"
    settings.SECRET_KEY_FALLBACKS = []
    assert RecoveryCodes.activate(careful).get_unused_codes() == codes
    assert come_in(client, careful).status_code == 302
    assert client.get("/cases/").status_code == 200


def test_second_steps_of_a_key_that_is_gone_are_told_and_left(careful, change_key, settings):
    change_key()
    settings.SECRET_KEY_FALLBACKS, gone = [], settings.SECRET_KEY_FALLBACKS
    with pytest.raises(CommandError, match="1 more were locked with a key"):
        lock()
    settings.SECRET_KEY_FALLBACKS = gone
    assert second_step.current_code(careful)


# When the key of before is lost


@pytest.fixture
def lose_key(settings):
    """A function that takes another key, and keeps none of before."""

    def lose():
        settings.SECRET_KEY = NEW

    return lose


def forget_unreadable():
    said = StringIO()
    call_command("forget_second_step", "--unreadable", stdout=said)
    return said.getvalue()


@pytest.fixture
def with_both(careful):
    """Somebody with an app, recovery codes and a passkey."""
    RecoveryCodes.activate(careful)
    add_passkey(careful)
    return careful


def test_what_no_known_key_opens_is_removed_and_its_people_are_told(
    client, careful, other_practice_user, lose_key
):
    RecoveryCodes.activate(careful)
    lose_key()
    second_step.enrol(other_practice_user)
    said = forget_unreadable()
    assert said.startswith("Apps and recovery codes that no known key opens, removed: 2, of 1 per")
    assert Authenticator.objects.get().user == other_practice_user
    mail = Email.objects.get()
    assert (mail.to, mail.kind) == (careful.email, "sign_in_changed")
    assert "the key that they were locked with is gone" in mail.text
    assert sign_in(client, careful.email)["Location"] == "/cases/"


def test_passkeys_and_what_a_key_opens_stay(with_both, change_key, settings):
    change_key()
    assert "removed: 0, of 0 people" in forget_unreadable()
    settings.SECRET_KEY_FALLBACKS = []
    forget_unreadable()
    assert [step.type for step in Authenticator.objects.all()] == ["webauthn"]


def test_sessions_end_and_who_may_not_sign_in_is_not_written_to(client, careful, lose_key):
    come_in(client, careful)
    sessions = UserSession.objects.filter(user=careful)
    assert sessions.exists()
    User.objects.filter(pk=careful.pk).update(is_active=False)
    Email.objects.all().delete()
    lose_key()
    forget_unreadable()
    assert not sessions.exists()
    assert not Email.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["ada@harbor.example", "--unreadable"]])
def test_one_person_or_all_of_a_lost_key_but_not_both(db, arguments):
    with pytest.raises(CommandError, match="either the address of one person or --unreadable"):
        call_command("forget_second_step", *arguments)


def test_the_code_of_an_app_that_no_key_opens_is_none(careful, lose_key):
    lose_key()
    assert second_step.current_code(careful) is None


def come_back(client, user):
    """Be signed in, as by a passkey, and have shown a moment ago who it is."""
    client.force_login(user)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


@pytest.mark.parametrize("path", ["", "recovery-codes/", "recovery-codes/download/"])
def test_pages_of_codes_whose_key_is_gone_say_so(client, with_both, lose_key, path):
    lose_key()
    come_back(client, with_both)
    page = client.get(f"/accounts/two-step/{path}", follow=True).text
    assert "They do not work any more" in page
    assert "Its codes do not work any more" in page
    assert ("Please make new ones." in page) is bool(path)


def test_new_codes_take_the_place_of_those_whose_key_is_gone(client, with_both, lose_key):
    lose_key()
    come_back(client, with_both)
    path = "/accounts/two-step/recovery-codes/generate/"
    assert "You get ten new ones." in client.get(path).text
    assert "Print or write them down" in client.post(path, follow=True).text
