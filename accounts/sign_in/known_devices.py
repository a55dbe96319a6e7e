"""Devices on which somebody has signed in before, by a signed cookie with a number of their own.

On such a device people have guesses of their own, so that strangers who guess at an account
cannot keep its owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

import secrets

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

COOKIE = f"{settings.COOKIE_PREFIX}known-device"
AGE = 365 * 24 * 3600
MOST = 8  # people of one device
_SALT = "accounts.known_devices"


def number(request, email):
    """The number of the device that sent a request, if this person has signed in on it."""
    return _read(request).get(_mark(email))


def remember(request, response, email):
    known = _read(request)
    mark = _mark(email)
    mine = known.pop(mark, None) or secrets.token_urlsafe(12)
    known = dict([*known.items(), (mark, mine)][-MOST:])
    response.set_cookie(
        COOKIE,
        signing.dumps(known, salt=_SALT),
        max_age=AGE,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )


def _mark(email):
    # Not the address itself: others may look at what a browser keeps.
    return salted_hmac(_SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:20]


def _read(request):
    try:
        return signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=AGE)
    except signing.BadSignature:
        return {}
