"""How often a password or code may be tried: ATTEMPTS by account and by address.

An attempt is counted before it is looked at, and taken back when it was right: of any number at
once, no more than that are looked at. The library counts, in the database; see its notes on rate
limits.
"""

import math
import time

from django.core.cache import cache
from django.core.exceptions import ValidationError

from accounts.sign_in import known_devices
from accounts.sign_in.allauth_internals import ratelimit

APP = "allauth.account"  # whose ACCOUNT_RATE_LIMITS name the limits


class Attempt:
    """One that is counted."""

    def __init__(self, uses):
        self._uses = uses

    def rollback(self):
        """Take it back, for it was right."""
        for use in self._uses:
            use.rollback()


def count(request, email, what="password"):
    """Count an attempt at the `what` of the account with that address.

    Raises ValidationError, with when to try again, if it must not be looked at.
    """
    account = f"{what} {email.strip().lower()}"
    if device := known_devices.number(request, email):
        limits = [("attempts_on_known_device", f"{device} {account}")]
    else:
        limits = [("attempts_from_address", None), ("attempts_at_account", account)]
    attempt = Attempt(uses := [])
    for action, key in limits:
        use = ratelimit.consume(request, app=APP, action=action, key=key)
        if use is None:
            attempt.rollback()
            raise ValidationError(too_many(request, action, key), code="too_many_login_attempts")
        uses.append(use)
    return attempt


def too_many(request, action, key=None):
    minutes = _minutes_left(request, action, key)
    again = "in a minute" if minutes == 1 else f"in {minutes} minutes"
    return (
        "There were too many tries, so none is looked at for now, not even a right one. "
        f"Please try again {again}."
    )


def _minutes_left(request, action, key):
    waits = [60]
    for rate in ratelimit.get_rates(app=APP, action=action):
        place = ratelimit.get_cache_key(request, app=APP, action=action, rate=rate, key=key)
        counted = cache.get(place, [])  # the newest first
        if len(counted) >= rate.amount:
            waits.append(counted[rate.amount - 1] + rate.duration - time.time())
    return math.ceil(max(waits) / 60)
