"""Emergency access: one case, for a reason, for an hour (45 CFR 164.312(a)(2)(ii))."""

from datetime import timedelta

from django.db import transaction

from cases import emails, limits
from cases.models import Case, EmergencyGrant

LASTS = timedelta(hours=1)


def case_numbered(number):
    """The case of this number, whoever may see it, or None: this is how it becomes visible."""
    return Case.objects.select_related("practice").filter(number=number).first()


def open_case(case, reason, *, by, now):
    """Let a user read a case for a while, and tell the owners of its practice by mail.

    Raises LimitReached.
    """
    with transaction.atomic():
        limits.check_emergency(by, now)
        grant = EmergencyGrant.objects.create(
            case=case, user=by, reason=reason, at=now, until=now + LASTS
        )
        emails.emergency_access(grant)
    return grant


def end(grant, *, now):
    """Take the access away before its time is over."""
    EmergencyGrant.objects.filter(pk=grant.pk, until__gt=now).update(until=now)
