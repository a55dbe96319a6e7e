"""How long somebody stays signed in: not without a sign of them, and never longer than a day."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

SIGNED_IN_AT, ACTIVE_AT = "signed_in_at", "active_at"  # in the session, seconds since 1970
WRITE_EVERY = 60  # seconds
WARN_BEFORE = 120  # seconds; said by the page
# What pages and programs ask for by themselves. It is no sign of a person unless it brings
# something: a part of a file, or what was typed.
BY_PROGRAMS = {
    "cases:uploads", "cases:upload", "cases:keep_draft", "cases:file_states", "cases:rx_state",
    "accounts:stay",
}  # fmt: skip
BRINGS = {"POST", "PUT", "PATCH", "DELETE"}


def begin(request):
    """Somebody has signed in."""
    request.session[SIGNED_IN_AT] = request.session[ACTIVE_AT] = _now()


def note(request):
    """There was a sign of somebody. Written once a minute at most."""
    session, now = request.session, _now()
    session.setdefault(SIGNED_IN_AT, now)
    if now - session.get(ACTIVE_AT, 0) >= WRITE_EVERY:
        session[ACTIVE_AT] = now
        UserSession.objects.filter(session_key=session.session_key).update(
            last_seen_at=timezone.now()
        )


def is_sign_of_a_person(request):
    by_program = request.resolver_match.view_name in BY_PROGRAMS
    return not by_program or request.method in BRINGS


def idle_limit():
    return timedelta(minutes=settings.IDLE_MINUTES)


def seconds_left(request):
    """How long somebody stays signed in without doing anything; 0 or less when it is over."""
    session, now = request.session, _now()
    idle = session.get(ACTIVE_AT, now) + idle_limit().total_seconds() - now
    in_all = session.get(SIGNED_IN_AT, now) + settings.SIGNED_IN_HOURS * 3600 - now
    return int(min(idle, in_all))


def is_over_the_day(request):
    """Whether the limit that is near is the one that nothing can move."""
    session = request.session
    end_of_day = session.get(SIGNED_IN_AT, _now()) + settings.SIGNED_IN_HOURS * 3600
    return end_of_day - _now() <= seconds_left(request)


def end_forgotten(user):
    """End the sessions of a person that nobody has used for too long."""
    since = timezone.now() - idle_limit()
    for session in UserSession.objects.filter(user=user, last_seen_at__lt=since):
        session.end()


def _now():
    return timezone.now().timestamp()
