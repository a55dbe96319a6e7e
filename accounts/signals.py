from allauth.account.signals import authentication_step_completed
from allauth.mfa.signals import authenticator_added
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver

from accounts.sign_in import activity, second_step


@receiver(user_logged_in)
def begin_session(sender, request, user, **kwargs):
    activity.end_oldest(user)
    activity.begin(request)


@receiver(authentication_step_completed)
def go_on_under_another_key(sender, request, reauthenticated=False, **kwargs):
    """Who proved again who they are gets a new session; signing in gives one anyway."""
    if reauthenticated:
        before = request.session.session_key
        request.session.cycle_key()
        session = UserSession.objects.filter(session_key=before)
        session.update(session_key=request.session.session_key)


@receiver(authenticator_added)
def end_sessions_that_never_passed_it(sender, request, user, authenticator, **kwargs):
    """The first second step ends the sessions that began without one, wherever they are."""
    if authenticator.type in second_step.STEPS and second_step.steps_of(user).count() == 1:
        others = activity.sessions_of(user).exclude(session_key=request.session.session_key)
        activity.end_all(others)
