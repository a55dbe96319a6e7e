"""The host of FILES_URL: the bytes of files by signed links, and nothing else.

Who may have a file, the portal's own host has asked and written down before it gave out the link.
"""

import logging

from django.conf import settings
from django.core import signing
from django.core.files.storage import default_storage
from django.http import HttpResponse, HttpResponseNotAllowed

from cases.models import Attachment, Prescription
from portal.files.storage import key_of_link

logger = logging.getLogger(__name__)


def files_only(get_response):
    """Answer here whatever is asked of that host, before anybody looks at cookies or pages."""

    def answer(request):
        if not settings.FILES_HOST or request.get_host() != settings.FILES_HOST:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return _give(request.path_info.removeprefix("/"))

    return answer


def _give(token):
    try:
        key = key_of_link(token)
    except signing.SignatureExpired:
        return _sentence(410, "This link was good for a minute. Please go back and download again.")
    except signing.BadSignature:
        return _sentence(404, "There is nothing here.")
    name = _name_of(key)
    if name is None:
        return _sentence(404, "This file is not there any more.")
    try:
        return default_storage.attachment(key, name)
    except OSError:
        logger.exception("The stored object %s could not be opened.", key)
        return _sentence(503, f"{name} cannot be reached just now. Please try again in a minute.")


def _name_of(key):
    if file := Attachment.objects.filter(key=key, state=Attachment.State.STORED).first():
        return file.name
    script = Prescription.objects.select_related("case").filter(file=key).first()
    return script and script.file_name


def _sentence(status, text):
    answer = HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
    answer["Cache-Control"] = "no-store"
    return answer
