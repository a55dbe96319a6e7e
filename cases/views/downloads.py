"""Files and RX scripts to download. Each request leaves its row in the access log."""

import logging
from contextlib import ExitStack

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from accounts.models import Access
from cases import access
from cases.models import Attachment, Prescription
from portal import storage
from portal.work import WorkState

logger = logging.getLogger(__name__)
Result = Access.Result


@require_safe
def rx(request, number, revision=None):
    """An RX script as a PDF: the newest that is ready, or the named revision."""
    scripts = Prescription.objects.select_related("case").filter(case__number=number)
    if revision is not None:
        scripts = scripts.filter(revision=revision)
    script = scripts.filter(work_state=WorkState.DONE).first() or scripts.first()
    if script is None:
        raise Http404
    asked = (script.case, Access.What.RX, str(script.revision))
    access.check(request, *asked)
    if not script.is_ready:
        access.note(request, *asked, Result.NOT_READY)
        messages.info(request, "The RX script is being prepared. It will be on this page.")
        return redirect(script.case)
    return _give(request, asked, script.file.name, script.file_name)


@require_safe
def download(request, number, pk):
    """One file of a case, once it is stored."""
    files = Attachment.objects.select_related("case").filter(case__number=number)
    file = get_object_or_404(files, pk=pk)
    asked = (file.case, Access.What.FILE, str(pk))
    access.check(request, *asked)
    if file.state != Attachment.State.STORED:
        access.note(request, *asked, Result.NOT_READY)
        return _sentence(409, f"{file.name} is not stored yet. Please try again in a minute.")
    return _give(request, asked, file.key, file.name)


def _give(request, asked, key, name):
    try:
        answer = storage.download(key, name)
    except OSError:
        # A storage that is away and an object that is gone look the same from here.
        logger.exception("The stored object %s could not be opened.", key)
        access.note(request, *asked, Result.AWAY)
        return _sentence(
            503,
            f"{name} cannot be reached just now. Please try again in a few minutes, "
            f"or write to {settings.LAB_EMAIL}.",
        )
    with ExitStack() as when_not_noted:
        when_not_noted.callback(answer.close)
        access.note(request, *asked, Result.GIVEN)
        when_not_noted.pop_all()
    return answer


def _sentence(status, text):
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
