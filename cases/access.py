"""The one door to cases and what belongs to them, and the access log of all that goes through.

A view says by `logged` what it gives out or changes, and fetches through `find` and `part`. What
the person may not see and what does not exist is answered by the same Http404, and every visit
leaves a row, whatever came of it: without its row nothing is given out, and nothing is changed.
"""

from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import wraps

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect

from accounts import access_log
from accounts.models import Access
from cases.models import Attachment, Case
from portal.logs import CASE_NUMBER
from portal.refusal import NotAllowed

What, Action, Result = Access.What, Access.Action, Access.Result
NO_ROW = ""  # in the place of a result


@dataclass
class Visit:
    """What a request is about: by default a case that is opened; a list and a form have none."""

    what: str = What.CASE
    action: str = Action.OPENED
    item: str = ""
    case: Case | None = None
    # The answer tells the result where a view does not.
    result: str | None = None
    # Of a file without a case; else it is the person's own.
    practice_id: int | None = None
    # A number that no case has. Its row is of no practice, as none may learn which there are.
    asked: str | None = None
    reason: str = ""
    # Where to, with the sentence of a NotAllowed; to the case if nothing is said.
    back_to: str = ""
    # What was changed has its row already, or nothing was.
    is_told: bool = False

    @property
    def is_change(self):
        return self.action not in {Action.OPENED, Action.DOWNLOADED}


def logged(what, action, item=""):
    """A decorator for views, with the name of the parameter that says which file or revision.

    GET opens or downloads, and the row is written before the answer is given. Any other method
    runs in one transaction with its row, which says that all was done when the answer leads on,
    and that a page was opened when it is one. Http404, PermissionDenied and NotAllowed undo what
    the view did and leave the row of a refusal.
    """

    def decorate(view):
        @wraps(view)
        def answer(request, *args, **kwargs):
            # Strangers could fill the log.
            if not request.user.is_authenticated:
                return view(request, *args, **kwargs)
            visit = begin(request, what, action, str(kwargs.get(item) or ""))
            try:
                with transaction.atomic() if visit.is_change else nullcontext():
                    response = view(request, *args, **kwargs)
                    _note_answer(request, response)
            except NotAllowed as refusal:
                note(request, result=Result.NOT_NOW)
                messages.error(request, str(refusal))
                response = redirect(visit.back_to or visit.case or "cases:list")
            except (Http404, PermissionDenied) as refusal:
                _note_refusal(request, refusal)
                raise
            return response

        answer.is_logged = True
        return answer

    return decorate


def begin(request, what, action, item=""):
    """What the request is about from now on; whoever only looks changes nothing."""
    if request.method in {"GET", "HEAD"} and action != Action.DOWNLOADED:
        action = Action.OPENED
    request.visit = Visit(what, action, item)
    return request.visit


def _note_answer(request, response):
    visit = request.visit
    leads_on = response.get("Location", "").startswith("/")
    with ExitStack() as when_not_noted:
        when_not_noted.callback(response.close)
        if visit.result is not None:
            note(request)
        elif leads_on and visit.is_change and not visit.is_told:
            note(request, result=Result.DONE)
        elif not leads_on and visit.is_change:
            note(request, replace(visit, action=Action.OPENED))
        elif not leads_on and not visit.is_told:
            note(request)
        when_not_noted.pop_all()


def _note_refusal(request, refusal):
    visit = request.visit
    if isinstance(refusal, Http404):
        note(request, result=visit.result or Result.NOT_THERE)
    elif visit.case:
        note(request, result=Result.NOT_NOW)
    # Else accounts.middleware notes which page was refused.


def find(request, **asked):
    """The case of this number or pk, with practice and dentist: now the visit is about it.

    Raises Http404 for a case of others as for one that does not exist.
    """
    visible = Case.objects.visible_to(request.user).select_related("practice", "dentist")
    case = visible.filter(**asked).first()
    request.visit.case = case or _of_others(request.visit, asked)
    if case is None:
        raise Http404
    return case


def _of_others(visit, asked):
    # Asked for either way, so that both take the same time.
    theirs = Case.objects.filter(**asked).only("number", "practice_id").first()
    visit.result = Result.NOT_THEIRS if theirs else Result.NOT_THERE
    visit.asked = asked.get("number", "")
    return theirs


def whose_file(user, pk):
    """Of a file that somebody may not see: the key of its practice, or None, and the result."""
    others = Attachment.objects.filter(pk=pk).exclude(practice=user.practice_id)
    theirs = others.values_list("practice", flat=True).first()
    return theirs, Result.NOT_THEIRS if theirs else Result.NOT_THERE


def part(request, rows):
    """The first of the rows of the case that `find` gave. Raises Http404 for none."""
    row = rows.visible_to(request.user).filter(case=request.visit.case).first()
    if row is None:
        raise Http404
    row.case = request.visit.case
    return row


def note(request, visit=None, result=None):
    """Add the row of a visit: of the one that is there, or of one beside it."""
    visit = visit or request.visit
    result = visit.result if result is None else result
    if result == NO_ROW:
        return
    row = access_log.write(
        user=request.user,
        what=visit.what,
        action=visit.action,
        result=result or Result.GIVEN,
        item=visit.item[:60],
        address=access_log.address_of(request),
        note=visit.reason,
        **_whose(request.user, visit),
    )
    if row.is_refused:
        # Not once more by accounts.middleware.
        request.refusal_is_noted = True


def _whose(user, visit):
    if visit.case:
        return {"practice_id": visit.case.practice_id, "case_number": visit.case.number}
    if visit.asked is not None:
        # Anything may stand there that somebody typed, a patient's name among it.
        return {"case_number": visit.asked if CASE_NUMBER.fullmatch(visit.asked) else ""}
    return {"practice_id": visit.practice_id or user.practice_id}


@contextmanager
def changing(request, visit=None):
    """A change beside others, or one whose refusal the view answers itself, and its row.

    Both are written together or not at all. A NotAllowed is noted, and goes on.
    """
    request.visit.is_told = True
    try:
        with transaction.atomic():
            yield
            note(request, visit, Result.DONE)
    except NotAllowed:
        note(request, visit, Result.NOT_NOW)
        raise
