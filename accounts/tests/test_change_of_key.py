"""SECRET_KEY can be changed while the portal is in use."""

from io import StringIO

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.management import CommandError, call_command

from accounts import second_step
from accounts.tests.conftest import come_in

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
