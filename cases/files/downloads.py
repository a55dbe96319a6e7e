"""Files and RX scripts to download."""

import logging

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from cases import access
from cases.access import Action, Result, What, logged
from cases.models import Attachment, Prescription
from portal.work import WorkState

logger = logging.getLogger(__name__)


@require_safe
@logged(What.RX, Action.DOWNLOADED, item="revision")
def rx(request, number, revision=None):
    """An RX script as a PDF: the newest that is ready, or the named revision."""
    case = access.find(request, number=number)
    scripts = Prescription.objects.defer("snapshot").annotate(is_done=Q(work_state=WorkState.DONE))
    scripts = scripts.order_by("-is_done", "-revision")
    if revision is not None:
        scripts = scripts.filter(revision=revision)
    script = access.part(request, scripts)
    request.visit.item = str(script.revision)
    if not script.is_ready:
        request.visit.result = Result.NOT_READY
        messages.info(request, "The RX script is being prepared. It will be on this page.")
        return redirect(case)
    return _give(request, script.file.name, script.file_name)


@require_safe
@logged(What.FILE, Action.DOWNLOADED, item="pk")
def download(request, number, pk):
    """One file of a case, once it is stored."""
    access.find(request, number=number)
    file = access.part(request, Attachment.objects.filter(pk=pk))
    if file.state != Attachment.State.STORED:
        request.visit.result = Result.NOT_READY
        if file.is_infected:
            return _sentence(409, f"{file.name}. {file.refusal}")
        return _sentence(409, f"{file.name} is not stored yet. Please try again in a minute.")
    return _give(request, file.key, file.name)


def _give(request, key, name):
    try:
        return default_storage.download(key, name)
    except OSError:
        # A storage that is away and an object that is gone look the same from here.
        logger.exception("The stored object %s could not be opened.", key)
        request.visit.result = Result.UNAVAILABLE
        return _sentence(
            503,
            f"{name} cannot be reached just now. Please try again in a few minutes, "
            f"or write to {settings.LAB_EMAIL}.",
        )


def _sentence(status, text):
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
