"""What follows when somebody signs in or out, or tries to: sessions, and rows of the access log."""

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
    password_set,
)
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts import access_log
from accounts.models import Access, User
from accounts.sign_in import activity, second_step

Action, Result = Access.Action, Access.Result


@receiver(user_logged_in)
def begin_session(sender, request, user, **kwargs):
    activity.end_oldest(user)
    activity.begin(request)
    _note(request, user, Action.SIGNED_IN)


@receiver(authentication_step_completed)
def go_on_under_another_key(sender, request, reauthenticated=False, **kwargs):
    """Who proved again who they are gets a new session; signing in gives one anyway."""
    if reauthenticated:
        before = request.session.session_key
        request.session.cycle_key()
        session = UserSession.objects.filter(session_key=before)
        session.update(session_key=request.session.session_key)


@receiver(user_logged_out)
def note_sign_out(sender, request, user, **kwargs):
    # Nobody, when somebody signs out who was not signed in.
    if user is not None:
        _note(request, user, Action.SIGNED_OUT)


@receiver(user_login_failed)
def note_failed_sign_in(sender, credentials, request=None, **kwargs):
    """Whose address was typed, if anybody's: other words may be a password in the wrong field."""
    email = str(credentials.get("email") or credentials.get("username") or "")
    user = User.objects.filter(email=email.lower()).first()
    _note(request, user, Action.SIGNED_IN, Result.FAILED)


@receiver([password_changed, password_set, password_reset])
def note_password(sender, request, user, **kwargs):
    _note(request, user, Action.PASSWORD)


@receiver(authenticator_added)
def end_sessions_that_never_passed_it(sender, request, user, authenticator, **kwargs):
    """The first second step ends the sessions that began without one, wherever they are."""
    if authenticator.type in second_step.STEPS and second_step.steps_of(user).count() == 1:
        others = activity.sessions_of(user).exclude(session_key=request.session.session_key)
        activity.end_all(others)


@receiver([authenticator_added, authenticator_reset])
def note_step_added(sender, request, user, authenticator, **kwargs):
    _note(request, user, Action.MFA_ADDED, item=authenticator.type)


@receiver(authenticator_removed)
def note_step_removed(sender, request, user, authenticator, **kwargs):
    _note(request, user, Action.MFA_REMOVED, item=authenticator.type)


@receiver(authentication_failed)
def note_failed_step(sender, request, user, **kwargs):
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
