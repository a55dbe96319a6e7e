"""Who signs in and out, and who tries to, becomes a row of the access log."""

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import signals as auth

from accounts import access_log
from accounts.models import Access, User

Action, Result = Access.Action, Access.Result


def connect():
    """Listen; called once, when all apps are there."""
    auth.user_logged_in.connect(signed_in)
    auth.user_logged_out.connect(signed_out)
    auth.user_login_failed.connect(sign_in_failed)
    account.password_changed.connect(password_changed)
    account.password_set.connect(password_changed)
    account.password_reset.connect(password_changed)
    if apps.is_installed("allauth.mfa"):
        from allauth.mfa import signals as mfa  # its models belong to an installed app

        mfa.authenticator_added.connect(mfa_added)
        mfa.authenticator_reset.connect(mfa_added)
        mfa.authenticator_removed.connect(mfa_removed)
        mfa.authentication_failed.connect(mfa_failed)


def signed_in(sender, request, user, **_):
    _note(request, user, Action.SIGNED_IN)


def signed_out(sender, request, user, **_):
    # Nobody, when somebody signs out who was not signed in.
    if user is not None:
        _note(request, user, Action.SIGNED_OUT)


def sign_in_failed(sender, credentials, request=None, **_):
    """Whose address was typed, if anybody's: other words may be a password in the wrong field."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email=email.lower()).first()
    _note(request, user, Action.SIGNED_IN, Result.FAILED)


def password_changed(sender, request, user, **_):
    _note(request, user, Action.PASSWORD)


def mfa_added(sender, request, user, authenticator, **_):
    _note(request, user, Action.MFA_ADDED, item=authenticator.type)


def mfa_removed(sender, request, user, authenticator, **_):
    _note(request, user, Action.MFA_REMOVED, item=authenticator.type)


def mfa_failed(sender, request, user, **_):
    _note(request, user, Action.MFA_FAILED, Result.FAILED)


def _note(request, user, action, result=Result.DONE, item=""):
    access_log.write(
        user=user,
        practice_id=user and user.practice_id,
        what=Access.What.ACCOUNT,
        action=action,
        result=result,
        item=item,
        address=request and access_log.address_of(request),
    )
