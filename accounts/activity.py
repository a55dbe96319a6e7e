"""How long somebody stays signed in: not without a sign of them, and never longer than a day."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

from portal.limits import Limit

SIGNED_IN_AT, ACTIVE_AT = "signed_in_at", "active_at"  # in the session, seconds since 1970
WRITE_EVERY = 60  # seconds
WARN_BEFORE = 120  # seconds; said by the page
# What pages and programs ask for by themselves. It is no sign of a person unless it brings
# something: a part of a file, or what was typed.
BY_PROGRAMS = {
    "cases:uploads", "cases:upload", "cases:keep_draft", "cases:file_states", "cases:rx_state",
    "accounts:stay",
}  # fmt: skip
SESSIONS = Limit("sessions_a_person", "Nobody is signed in at more than {most} places.")
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
    now = _now()
    idle = request.session.get(ACTIVE_AT, now) + idle_limit().total_seconds() - now
    return int(min(idle, _left_of_the_day(request)))


def seconds_on_a_page(request):
    """When a page that is opened now should ask how long somebody stays.

    Nearly always the same number, so that two pages tell nothing apart by it.
    """
    return int(min(idle_limit().total_seconds() - WRITE_EVERY, _left_of_the_day(request)))


def is_over_the_day(request):
    """Whether the limit that is near is the one that nothing can move."""
    return int(_left_of_the_day(request)) <= seconds_left(request)


def _left_of_the_day(request):
    now = _now()
    return request.session.get(SIGNED_IN_AT, now) + settings.SIGNED_IN_HOURS * 3600 - now


def end_forgotten(user):
    """End the sessions of a person that nobody has used for too long."""
    since = timezone.now() - idle_limit()
    for session in UserSession.objects.filter(user=user, last_seen_at__lt=since):
        session.end()


def end_oldest(user):
    """End the sessions of a person that are more than somebody can be using."""
    theirs = UserSession.objects.filter(user=user).order_by("-created_at", "-pk")
    for session in theirs[SESSIONS.most :]:
        SESSIONS.note()
        session.end()


def _now():
    return timezone.now().timestamp()
