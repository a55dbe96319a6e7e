"""What a form lacks, said while its files are chosen and on their way."""

import json
from contextlib import suppress

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.sign_in.activity import asked_by_programs
from cases import access, drafts, filetypes, findings, policies, teeth
from cases.access import NO_ROW, Action, Result, What, logged
from cases.forms import DescribeForm
from cases.intake import heads
from cases.intake.reading import Kind
from cases.models import Attachment
from cases.models.readings import shown_as
from cases.readiness import File
from portal.writing.text import plain_text

MOST = 200  # files that a browser has read and not sent yet
_SALT = "cases.needs: what a browser read"


@asked_by_programs
@require_POST
@login_not_required
@logged(What.FORM, Action.OPENED)
def needs(request):
    """The list of what is there and what is missing, for a form as it is now.

    `heads`: heads of files that were just chosen, by a key of the page's own. What is found in
    them goes back as tokens, and comes again in `chosen` until the server has read the files.
    `isRead` is false while it reads one.
    """
    if not request.user.is_authenticated:
        return say("Please sign in again.", 401)
    posted, visit = request.POST, request.visit
    case, key = _form(request)
    visit.item = str(key)
    found = {name: _read(one) for name, one in _dict(posted.get("heads", "")).items()}
    visit.result = None if found else NO_ROW
    chosen = [*chosen_in(posted), *found.values()]
    page = render_to_string("cases/_needs.html", _list(request, posted, case, key, chosen))
    tokens = {name: _token(file) for name, file in found.items()}
    kinds = {name: _kind_words(file) for name, file in found.items()}
    is_read = not findings.are_being_read(key, timezone.now())
    return JsonResponse({"html": page, "chosen": tokens, "kinds": kinds, "isRead": is_read})


def say(sentence, status):
    """An answer for a script of the page, in words that it shows to people."""
    return HttpResponse(sentence, "text/plain; charset=utf-8", status)


def _form(request):
    posted = request.POST
    if "case" in posted:
        case = access.find(request, number=plain_text(posted["case"]))
        if not policies.can_update(request.user, case):
            raise PermissionDenied
        return case, drafts.update_key(case)
    if not policies.can_send_cases(request.user):
        raise PermissionDenied("New cases are sent by members of a practice.")
    return None, drafts.new_key(request.user, posted.get("form_key", ""))


def _list(request, posted, case, key, chosen):
    said = {
        "teeth": [code for code in posted.getlist("teeth") if teeth.is_tooth(code)],
        "support": posted.get("support", ""),
        "now": timezone.now(),
        "chosen": chosen,
    }
    if case is None:
        said["patient"] = plain_text(posted.get("patient_name", ""))
        found = findings.of_form(key, request.user.practice, **said)
    else:
        found = findings.of_update(case, key, **said)
    return {"needs": found, "can_upload": case is not None}


def _dict(text):
    try:
        said = json.loads(text or "{}")
    except ValueError:
        return {}
    return dict(list(said.items())[:MOST]) if isinstance(said, dict) else {}


def _read(said):
    """A readiness.File of heads; what cannot be read says nothing."""
    try:
        name, size, reading = str(said["name"]), int(said["size"]), heads.reading_of(said["heads"])
    except (ValueError, TypeError, KeyError):
        return File("", kind=Kind.OTHER)
    return _file(name[:255], size, str(reading.kind), reading.findings)


def _file(name, size, kind, found):
    return File(name, size, kind, found, is_from_browser=True)


def _kind_words(file):
    kind = shown_as(file.kind, file.findings)
    return filetypes.LABELS[kind] if kind else ""


def _token(file):
    said = [file.name, file.size, file.kind, file.findings]
    return signing.dumps(said, salt=_SALT, compress=True)


def chosen_in(posted):
    """Files that a browser has read, as its page sends them along: readiness.File."""
    found = []
    for token in posted.get("chosen", "").split()[:MOST]:
        with suppress(signing.BadSignature):
            found.append(_file(*signing.loads(token, salt=_SALT)))
    return found


@asked_by_programs
@require_POST
@login_not_required
@logged(What.FILE, Action.CHANGED, item="pk")
def describe_file(request, pk):
    """Say of a file that is not sent yet which arch it is of, and which older one it replaces."""
    if not request.user.is_authenticated:
        return say("Please sign in again.", 401)
    if not policies.can_send_cases(request.user):
        raise PermissionDenied("Files are described by members of a practice.")
    file = Attachment.objects.visible_to(request.user).filter(case=None, pk=pk).first()
    if file is None:
        request.visit.practice_id, request.visit.result = access.whose_file(request.user, pk)
        raise Http404
    form = DescribeForm(request.POST, instance=file)
    if not form.is_valid():
        return say(form.errors.as_text(), 400)
    form.save()
    request.visit.result = Result.DONE
    return HttpResponse(status=204)
