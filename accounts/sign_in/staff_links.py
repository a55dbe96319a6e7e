"""The link with which somebody new at the lab chooses a password: signed, so no row is kept.

It works for a week, and for the account as it was: once a password is chosen, another link is sent
or the address changes, it works no more.
"""

from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

LASTS = timedelta(days=7)
_SALT = "accounts.staff_links"


def token(user):
    return signing.dumps([user.pk, _mark(user)], salt=_SALT)


def user_of(token):
    """Who may choose a password with a link now, or None."""
    try:
        pk, mark = signing.loads(token, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=pk, is_staff=True, is_active=True).first()
    is_open = user and not user.has_usable_password()
    return user if is_open and constant_time_compare(mark, _mark(user)) else None


def _mark(user):
    # A password that cannot be used is a random one.
    return salted_hmac(_SALT, f"{user.password} {user.email}", algorithm="sha256").hexdigest()
