"""What the portal uses of allauth beyond its manual: what to look over at an upgrade."""

from allauth.account import app_settings as account_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.core import context
from allauth.core.internal import ratelimit
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal import auth as totp

CHECKED_VERSION = "65.21.1"


def take_back_when_right(adapter, attempt):
    """Let allauth call `attempt.rollback()` once the password was right."""
    adapter._login_failed_rl_usage = attempt


def app_code(secret, counter):
    """What an authenticator app with that secret shows in a step of its clock."""
    return totp.format_hotp_value(totp.hotp_value(secret, counter))
