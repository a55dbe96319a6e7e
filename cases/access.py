"""The access log: a row for each file, RX script or calendar that somebody asked for."""

from django.http import Http404

from accounts.models import Access
from cases.models import Case


def check(request, case, what, item):
    """Raise Http404 unless the user of the request may see the case; a refusal is noted.

    `what` is an Access.What, `item` says which file, revision or session it was.
    """
    if not Case.objects.visible_to(request.user).filter(pk=case.pk).exists():
        note(request, case, what, item, Access.Result.NOT_THEIRS)
        raise Http404


def note(request, case, what, item, result):
    """Write down what became of a request. Without this row nothing is given out."""
    Access.objects.create(
        user=request.user,
        practice_id=case.practice_id,
        case_number=case.number,
        what=what,
        item=item,
        result=result,
        # Empty behind a Unix socket.
        address=request.META.get("REMOTE_ADDR") or None,
    )
