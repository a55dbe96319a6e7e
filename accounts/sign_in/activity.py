"""How long somebody stays signed in: not without a sign of them, and never longer than a day."""

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils import timezone

from accounts.limits import SESSIONS

SIGNED_IN_AT, ACTIVE_AT = "signed_in_at", "active_at"  # in the session, seconds since 1970
WRITE_EVERY = 60  # seconds
BRINGS = {"POST", "PUT", "PATCH", "DELETE"}


def asked_by_programs(view):
    """Mark a view that pages and programs ask by themselves.

    That is no sign of a person unless it brings something: a part of a file, or what was typed.
    """
    view.is_asked_by_programs = True
    return view


def is_asked_by_programs(view):
    return getattr(view, "is_asked_by_programs", False)


def begin(request):
    """Somebody has signed in."""
    request.session[SIGNED_IN_AT] = request.session[ACTIVE_AT] = _now()


def keep_alive(request):
    """There was a sign of somebody. Written once a minute at most."""
    session, now = request.session, _now()
    session.setdefault(SIGNED_IN_AT, now)
    if now - session.get(ACTIVE_AT, 0) >= WRITE_EVERY:
        session[ACTIVE_AT] = now
        _own_session(request).update(last_seen_at=timezone.now())


def reading(request):
    """A function that reads the body of a request as `request.read` does.

    Bytes that arrive are a sign of somebody all the time, however long the request takes. It is
    noted beside the session, which other requests may have changed since this one began.
    """
    noted_at = _now()

    def read(size):
        nonlocal noted_at
        block = request.read(size)
        if block and _now() - noted_at >= WRITE_EVERY:
            noted_at = _now()
            _own_session(request).filter(last_seen_at__gt=timezone.now() - idle_limit()).update(
                last_seen_at=timezone.now()
            )
        return block

    return read


def _own_session(request):
    return UserSession.objects.filter(session_key=request.session.session_key, user=request.user.pk)


def is_sign_of_a_person(request, view):
    return request.method in BRINGS or not is_asked_by_programs(view)


def idle_limit():
    return timedelta(minutes=settings.IDLE_MINUTES)


def seconds_left(request):
    """How long somebody stays signed in without doing anything; 0 or less when it is over."""
    now = _now()
    idle = _active_at(request, now) + idle_limit().total_seconds() - now
    return int(min(idle, _left_of_the_day(request)))


def _active_at(request, now):
    """When there was the last sign of somebody; the session does not know of bytes since then."""
    known = request.session.get(ACTIVE_AT, now)
    if now - known < WRITE_EVERY:
        return known
    seen = _own_session(request).values_list("last_seen_at", flat=True).first()
    return max(known, seen.timestamp()) if seen else known


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


def sessions_of(user):
    """Where a person is signed in, the newest first."""
    return UserSession.objects.filter(user=user).order_by("-created_at", "-pk")


def end_all(sessions):
    for session in sessions:
        session.end()


def end_forgotten(user):
    """End the sessions of a person that nobody has used for too long."""
    end_all(sessions_of(user).filter(last_seen_at__lt=timezone.now() - idle_limit()))


def end_oldest(user):
    """End the sessions of a person that are more than somebody can be using."""
    for session in sessions_of(user)[SESSIONS.most :]:
        SESSIONS.hit()
        session.end()


def _now():
    return timezone.now().timestamp()
