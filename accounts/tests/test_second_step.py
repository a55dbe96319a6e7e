import re
import time

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.sign_in import second_step
from accounts.sign_in.allauth_internals import RecoveryCodes, app_code, totp
from accounts.tests.conftest import CODE, PASSWORD, come_in, sign_in, type_code
from portal.models import Email

HOME = "/accounts/two-step/"
APP = HOME + "totp/activate/"


def app_of(user):
    return Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)


def add_passkey(user, name="Office laptop"):
    return Authenticator.objects.create(
        user=user, type=Authenticator.Type.WEBAUTHN, data={"name": name, "credential": {}}
    )


@pytest.fixture
def newcomer(db):
    """Somebody of the lab who has no second step yet."""
    return User.objects.create_user("new@lab.example", PASSWORD, name="Nia New", is_staff=True)


def set_up_app(client):
    page = client.get(APP).content.decode()
    secret = re.search(r'<code class="secret">(\w+)</code>', page)[1]
    code = app_code(secret, int(time.time()) // 30)
    return client.post(APP, {"code": code}, follow=True)


def test_the_second_step_is_asked_for_at_each_sign_in(client, careful):
    assert sign_in(client, careful.email)["Location"] == CODE
    assert client.get("/cases/").status_code == 302
    assert type_code(client, careful)["Location"] == "/cases/"
    assert client.get("/cases/").status_code == 200
    client.post("/accounts/logout/")
    assert sign_in(client, careful.email)["Location"] == CODE


def test_a_wrong_code_lets_nobody_in(client, careful):
    sign_in(client, careful.email)
    answer = type_code(client, careful, "000000")
    assert "did not match" in answer.content.decode()
    assert client.get("/cases/").status_code == 302


def test_a_code_works_once_for_as_long_as_it_is_taken(client, careful, monkeypatch):
    code, _ = second_step.current_code(careful)
    sign_in(client, careful.email)
    type_code(client, careful, code)
    now = time.time()
    monkeypatch.setattr(totp.time, "time", lambda: now + 30)
    # The library itself forgets it after half a minute.
    cache.delete(totp.TOTP(app_of(careful))._get_used_cache_key(code))
    other = Client()
    sign_in(other, careful.email)
    assert "did not match" in type_code(other, careful, code).content.decode()


def test_a_recovery_code_lets_somebody_in_once(client, careful):
    come_in(client, careful)
    client.get(HOME)
    Authenticator.objects.filter(type="recovery_codes").delete()
    code = _recovery_codes(careful)[0]
    for expected in (302, 200):
        other = Client()
        sign_in(other, careful.email)
        assert type_code(other, careful, code).status_code == expected


def _recovery_codes(user):
    return RecoveryCodes.activate(user).get_unused_codes()


def test_secrets_are_locked_in_the_database(careful):
    kept = app_of(careful).data["secret"]
    secret = second_step.MFAAdapter().decrypt(kept)
    assert len(secret) == 32
    assert secret not in kept


def test_secrets_stay_readable_after_a_change_of_the_key(careful, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key"
    assert second_step.current_code(careful)


def test_with_a_foreign_key_a_code_is_wrong_and_nothing_breaks(client, careful):
    code, _ = second_step.current_code(careful)
    sign_in(client, careful.email)
    app = app_of(careful)
    app.data["secret"] = "gAAAA"
    app.save()
    assert "did not match" in type_code(client, careful, code).content.decode()


@pytest.mark.parametrize("path", ["/", "/cases/", "/account/", "/help/", "/admin/", "/nowhere/"])
def test_staff_without_a_second_step_are_led_to_set_one_up(client, newcomer, path):
    sign_in(client, newcomer.email)
    answer = client.get(path)
    if path != "/nowhere/":
        assert answer["Location"] == HOME
    assert client.post("/accounts/password/change/")["Location"] == HOME
    page = client.get(HOME).content.decode()
    assert "Set up a second step to go on" in page
    assert "Everybody at the lab signs in with two steps." in page


def test_members_are_asked_once_their_practice_asks_for_it(client, person, practice):
    sign_in(client, person.email)
    assert client.get("/cases/").status_code == 200
    practice.requires_mfa = True
    practice.save()
    assert client.get("/cases/")["Location"] == HOME
    assert "Harbor Dental asks everybody" in client.get(HOME).content.decode()


def test_programs_are_told_403(client, newcomer, case):
    client.force_login(newcomer)
    for address in (
        reverse("cases:uploads"),
        reverse("cases:file_states", args=[case.number]),
        reverse("cases:rx_state", args=[case.number]),
    ):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "two-step sign-in" in answer.content.decode()


def test_somebody_without_a_second_step_may_sign_out(client, newcomer):
    sign_in(client, newcomer.email)
    client.post("/accounts/logout/")
    assert client.get("/cases/")["Location"].startswith("/accounts/login/")


def test_an_app_is_set_up_and_opens_the_way(client, newcomer, django_capture_on_commit_callbacks):
    sign_in(client, newcomer.email)
    with django_capture_on_commit_callbacks(execute=True):
        page = set_up_app(client)
    assert "Each lets you in once" in page.content.decode()
    assert client.get("/admin/").status_code == 200
    mail = Email.objects.get()
    assert (mail.to, mail.kind) == (newcomer.email, "sign_in_changed")
    assert "An authenticator app was set up as second step." in mail.text


def test_the_first_second_step_ends_sessions_that_began_without_one(
    client, person, django_capture_on_commit_callbacks
):
    elsewhere = Client()
    sign_in(elsewhere, person.email)
    sign_in(client, person.email)
    with django_capture_on_commit_callbacks(execute=True):
        set_up_app(client)
    assert client.get("/cases/").status_code == 200
    assert elsewhere.get("/cases/").status_code == 302


def test_staff_keep_their_last_second_step(client, newcomer):
    second_step.enrol(newcomer)
    come_in(client, newcomer)
    answer = client.post(HOME + "totp/deactivate/")
    assert "this is your only one" in answer.content.decode()
    key = add_passkey(newcomer)
    assert client.post(HOME + "totp/deactivate/")["Location"] == HOME
    client.post(f"{HOME}webauthn/keys/{key.pk}/remove/")
    assert second_step.steps_of(newcomer).get() == key


def test_others_may_remove_theirs(client, careful):
    come_in(client, careful)
    client.post(HOME + "totp/deactivate/")
    assert not second_step.steps_of(careful).exists()
    assert "was removed" in Email.objects.first().text


def test_a_passkey_of_somebody_else_cannot_be_removed(client, careful, other_practice_user):
    key = add_passkey(other_practice_user)
    come_in(client, careful)
    assert client.post(f"{HOME}webauthn/keys/{key.pk}/remove/").status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


@pytest.mark.parametrize(
    "path", ["totp/deactivate/", "recovery-codes/generate/", "recovery-codes/", "webauthn/add/"]
)
def test_a_change_asks_again_who_it_is_after_a_while(client, careful, path):
    _recovery_codes(careful)
    come_in(client, careful)
    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 301
    session.save()
    assert client.get(HOME + path)["Location"].startswith("/accounts/reauthenticate/")
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": HOME})
    assert answer["Location"] == HOME
    assert client.get(HOME + path).status_code == 200


def test_a_reset_of_the_password_does_not_skip_the_second_step(client, careful):
    careful.set_password("another-guide-for-it")
    careful.save()
    assert sign_in(client, careful.email, "another-guide-for-it")["Location"] == CODE
    assert client.get("/cases/").status_code == 302


def test_who_lost_phone_and_codes_is_helped_by_operations(client, careful, capsys):
    _recovery_codes(careful)
    come_in(client, careful)
    call_command("forget_second_step", careful.email.upper())
    assert "is removed" in capsys.readouterr().out
    assert client.get("/cases/").status_code == 302
    assert sign_in(client, careful.email)["Location"] == "/cases/"
    assert "Your second step was removed" in Email.objects.get(kind="sign_in_changed").text
    with pytest.raises(CommandError, match="has no second step"):
        call_command("forget_second_step", careful.email)
    with pytest.raises(CommandError, match="Nobody signs in as"):
        call_command("forget_second_step", "who@x.example")


def test_who_was_half_in_when_the_step_was_removed_signs_in_anew(client, careful):
    assert sign_in(client, careful.email)["Location"] == CODE
    call_command("forget_second_step", careful.email)
    assert client.get(CODE)["Location"] == "/accounts/login/"
    assert client.get("/accounts/login/").status_code == 200
    assert sign_in(client, careful.email)["Location"] == "/cases/"


def test_secrets_are_not_in_the_admin(client, lab_user):
    client.force_login(lab_user)
    assert client.get("/admin/mfa/authenticator/").status_code == 404
    assert client.get("/admin/usersessions/usersession/").status_code == 404


def test_passkeys_are_for_the_portals_own_host_name(rf):
    assert second_step.MFAAdapter().get_public_key_credential_rp_entity() == {
        "id": "localhost",
        "name": settings.LAB_NAME,
    }


@pytest.mark.parametrize("sent", ["null", "[]", "{}", "x", '{"response": {"userHandle": null}}'])
def test_a_broken_passkey_gets_a_sentence(client, db, sent):
    client.get(HOME + "webauthn/login/", headers={"accept": "application/json"})
    answer = client.post(HOME + "webauthn/login/", {"credential": sent})
    assert answer.status_code == 302
    assert client.get("/cases/").status_code == 302


@pytest.mark.parametrize("credential", ["9" * 5000, "[" * 100_000, "null", "{}", "[1]"])
def test_what_is_no_passkey_is_refused_with_a_sentence(client, db, credential):
    answer = client.post("/accounts/two-step/webauthn/login/", {"credential": credential})
    assert answer.status_code in (200, 302, 400)


def test_a_secret_that_was_locked_long_ago_still_opens(settings):
    settings.SECRET_KEY = "the key of a portal that was set up long ago"
    locked = (
        "gAAAAAAAAAABHT9P_KimXcA_OduYtZX1-mcJoAibslVtwKqknCMi2miyTdI40jJ8AmJQjeYHWZghmDI4mTk3uVnp"
        "tLtiXh8GXaPMHOscMYKg_cjBd8kX89c="
    )
    assert second_step.MFAAdapter().decrypt(locked) == "JBSWY3DPEHPK3PXP"
