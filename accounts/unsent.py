"""What somebody sent whose session had ended: kept for them until they have signed in again.

A form says by a signed token whose it is and where it stands. Without one nothing is kept, so that
a stranger writes no row; with one, a person has one row for each form, and few of them.
"""

from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.db import transaction
from django.http import QueryDict
from django.shortcuts import redirect

from accounts.backends import Backend
from accounts.models import Unsent

MOST = 20  # forms of one person; the oldest go
FIELD, FORM = 50_000, 200_000  # characters; more than any field or form of ours can hold
_SALT = "accounts.unsent"
_OURS = {"csrfmiddlewaretoken", "form_token"}


def lasts():
    """How long what was not sent is kept: here since the form was given out, or sent in vain."""
    return timedelta(days=settings.UNSENT_DAYS)


def token(user, place):
    """Proof that a form was given to a user; `place` is the address to which they come back."""
    return signing.dumps([user.pk, place], salt=_SALT)


def kept(view):
    """A decorator for views of forms that carry a `form_token`: a stranger's is kept for them.

    All others who are not signed in are led to the sign-in page.
    """

    @login_not_required
    @wraps(view)
    def answer(request, *args, **kwargs):
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        return _keep_and_sign_in(request)

    return answer


def _keep_and_sign_in(request):
    try:
        proof = request.POST.get("form_token", "")
        user_pk, place = signing.loads(proof, salt=_SALT, max_age=lasts())
    except signing.BadSignature:
        return redirect_to_login(request.get_full_path())
    if user := Backend().get_user(user_pk):
        _keep(user, place, request.POST)
    # Said by the address: a message would be a row in a session of a stranger.
    return redirect(f"{redirect_to_login(place).url}&kept=1")


def _keep(user, place, posted):
    rows, fields, room = Unsent.objects.filter(user=user), {}, FORM
    for name in [name for name in posted if name not in _OURS]:
        # PostgreSQL takes no NUL in JSON, and nobody types one.
        values = [value.replace("\0", "")[:FIELD] for value in posted.getlist(name)]
        room -= len(name) + sum(map(len, values))
        if room >= 0:
            fields[name] = values
    with transaction.atomic():
        Unsent.objects.update_or_create(user=user, place=place, defaults={"data": fields})
        rows.exclude(pk__in=rows.order_by("-at").values("pk")[:MOST]).delete()


def of(user, place):
    """What a user sent in vain from the form at `place`, as a QueryDict with `at`, or None."""
    row = Unsent.objects.filter(user=user, place=place).first()
    if row is None:
        return None
    posted = QueryDict(mutable=True)
    posted.at = row.at
    for name, values in row.data.items():
        posted.setlist(name, values)
    return posted


def is_of_another(user, place):
    """Whether somebody else sent the form at `place` in vain."""
    return Unsent.objects.filter(place=place).exclude(user=user).exists()


def forget(user, place):
    """It stands where it belongs now."""
    Unsent.objects.filter(user=user, place=place).delete()
