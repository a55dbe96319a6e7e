"""The one door to cases and what belongs to them, and the access log of all that goes through.

A view fetches through here. What the person may not see and what does not exist is answered by the
same Http404, and every visit leaves a row, whatever came of it. Without its row nothing is given
out, and nothing is changed: a change and its row are written in one transaction.
"""

from contextlib import contextmanager

from django.db import transaction
from django.http import Http404

from accounts import access_log
from accounts.models import Access
from cases.models import Case
from portal.logs import CASE_NUMBER
from portal.refusal import NotAllowed

What, Action, Result = Access.What, Access.Action, Access.Result


def find(request, number, what=What.CASE, action=Action.OPENED, item=""):
    """The case of this number, with practice and dentist, for somebody who is about to do more.

    Raises Http404, with a row, for a case of others as for a number that no case has.
    """
    visible = Case.objects.visible_to(request.user).select_related("practice", "dentist")
    case = visible.filter(number=number).first()
    if case is None:
        refuse(request, what, action, item, number=number)
    return case


def find_row(request, pk, what=What.CASE, action=Action.OPENED, item=""):
    """As `find`, by the primary key that addresses of Django admin have."""
    visible = Case.objects.visible_to(request.user).select_related("practice", "dentist")
    case = visible.filter(pk=pk).first()
    if case is None:
        refuse(request, what, action, item, pk=pk)
    return case


def opened(request, number, what=What.CASE, action=Action.OPENED, item=""):
    """The case of this number, which is shown now, with the row that says so; or as `find`."""
    case = find(request, number, what, action, item)
    note(request, case, what, action, item)
    return case


def part(request, case, rows, what, action, item=""):
    """The first of the rows of a case that `find` gave. Raises Http404, with a row, for none."""
    row = rows.visible_to(request.user).filter(case=case).first()
    if row is None:
        note(request, case, what, action, item, Result.NOT_THERE)
        raise Http404
    row.case = case
    return row


def refuse(request, what, action, item="", **asked):
    """Note that a case is not theirs or not there, and raise Http404, the same for both."""
    # Asked for either way, so that both take the same time.
    theirs = Case.objects.filter(**asked).only("number", "practice_id").first()
    if theirs:
        note(request, theirs, what, action, item, Result.NOT_THEIRS)
    else:
        note_not_there(request, asked.get("number", ""), what, action, item)
    raise Http404


def note_not_there(request, number, what, action, item=""):
    """Note that somebody asked for a number that no case has."""
    # Anything may stand there that somebody typed, a patient's name among it.
    shown = number if CASE_NUMBER.fullmatch(number) else ""
    _write(request, what, action, Result.NOT_THERE, case_number=shown, item=item)


def note(request, case, what, action, item="", result=Result.GIVEN, practice_id=None, reason=""):
    """Add a row about a case; where there is none, such as for a list, give None.

    Then it is a row of the practice that is named, or of the person's own.
    """
    if case is None:
        practice_id = practice_id or request.user.practice_id
        _write(request, what, action, result, item=item, practice_id=practice_id)
    else:
        about = {"practice_id": case.practice_id, "case_number": case.number, "note": reason}
        _write(request, what, action, result, item=item, **about)


def _write(request, what, action, result, item="", **about):
    row = access_log.write(
        user=request.user,
        what=what,
        action=action,
        result=result,
        item=item[:60],
        address=access_log.address_of(request),
        **about,
    )
    if row.is_refused:
        # Not once more by accounts.middleware.
        request.refusal_is_noted = True


@contextmanager
def changing(request, case, what, action, item="", reason=""):
    """What the block changes and its row are written together or not at all.

    The row comes last: it locks the log of the practice until the end. A NotAllowed that the block
    raises is noted as a refusal, and goes on.
    """
    try:
        with transaction.atomic():
            yield
            note(request, case, what, action, item, Result.DONE, reason=reason)
    except NotAllowed:
        note(request, case, what, action, item, Result.NOT_NOW)
        raise
