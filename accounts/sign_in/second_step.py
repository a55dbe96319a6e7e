"""The second step of signing in: an authenticator app (TOTP) or a passkey."""

import base64
import logging
import time
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.crypto import salted_hmac

from accounts.sign_in.allauth_internals import AuthenticateStage, app_code, mfa_settings, totp
from portal.writing import qr

log = logging.getLogger(__name__)


class KeyGone(ValidationError):
    """A secret was locked with a key that is neither SECRET_KEY nor among its fallbacks."""


ONLY_ONE = (
    "You need a second step, and this is your only one. Set up another one first, then remove "
    "this one."
)
# Recovery codes come along with one of these and are none by themselves.
STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
# What the library has locked in the data of a step: of an app, and of recovery codes.
LOCKED = {"secret", "seed"}


def steps_of(user):
    return Authenticator.objects.filter(user_id=user.pk, type__in=STEPS)


def is_missing(user):
    """Whether this person must set up a second step before anything else."""
    return user.needs_mfa and not steps_of(user).exists()


def may_remove(authenticator):
    """Whether a step may go: not the last one of somebody who needs one."""
    others = steps_of(authenticator.user).exclude(pk=authenticator.pk)
    return not authenticator.user.needs_mfa or others.exists()


def enrol(user):
    """Give somebody an authenticator app with a secret of its own."""
    totp.TOTP.activate(user, totp.generate_totp_secret())


def current_code(user):
    """The code that the person's app shows now, and for how many seconds.

    None without an app, and for one that no known key opens.
    """
    app = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
    if app is None or not is_readable(app):
        return None
    counter, gone = divmod(int(time.time()), mfa_settings.TOTP_PERIOD)
    secret = MFAAdapter().decrypt(app.data["secret"])
    code = app_code(secret, counter)
    return code, mfa_settings.TOTP_PERIOD - gone


def _box():
    """What locks the secrets in the database, so that a copy of it opens no account."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [
        salted_hmac("accounts.second_step", "", secret=key, algorithm="sha256").digest()
        for key in keys
    ]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


def is_readable(step):
    """Whether a known key opens the secrets of a step; a passkey has none."""
    try:
        for name in LOCKED.intersection(step.data):
            _box().decrypt(step.data[name].encode())
    except InvalidToken:
        return False
    return True


def forget_unreadable(user):
    """Remove the apps and recovery codes of somebody that no known key opens; returns how many."""
    theirs = Authenticator.objects.filter(user_id=user.pk)
    gone = [step.pk for step in theirs if not is_readable(step)]
    theirs.filter(pk__in=gone).delete()
    return len(gone)


def lock_anew(step):
    """Lock the secrets of a step with the key of now. Raises InvalidToken for one of no key."""
    for name in LOCKED.intersection(step.data):
        step.data[name] = _box().rotate(step.data[name].encode()).decode()
    step.save(update_fields=["data"])


class Stage(AuthenticateStage):
    """Between password and second step; over when the step was removed meanwhile."""

    def is_resumable(self, request):
        # Else the sign-in page leads to the page of the code, and that one back, for ever.
        return self.login.user is not None and steps_of(self.login.user).exists()


class MFAAdapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "That did not match. Codes of an app are new every 30 seconds and work "
        "once: please try the one that is shown now.",
        "cannot_delete_authenticator": ONLY_ONE,
    }

    def get_totp_issuer(self):
        return settings.LAB_NAME

    def build_totp_svg(self, url):
        # By segno, which the portal has anyway: one package less than with the library's own.
        return qr.svg(url)

    def encrypt(self, text):
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text):
        try:
            return _box().decrypt(encrypted_text).decode()
        except InvalidToken:
            log.exception("A second step was set up with another SECRET_KEY.")
            raise KeyGone(self.error_messages["incorrect_code"], "incorrect_code") from None

    def is_readable(self, step):
        return is_readable(step)

    def can_delete_authenticator(self, authenticator):
        return may_remove(authenticator)

    def generate_authenticator_name(self, user, type):
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def get_public_key_credential_rp_entity(self):
        # Of the portal's own address, whatever a request claims to be for.
        return {"id": urlsplit(settings.SITE_URL).hostname, "name": settings.LAB_NAME}
