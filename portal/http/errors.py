"""What is answered to a request that failed on our side."""

import sys

from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

RETRY_SECONDS = 15
SENTENCE = (
    "The portal's database is away or busy for a moment. Nothing is lost. "
    "Please try again in a minute."
)
# Codes that psycopg2 counts as internal errors: the server ended a transaction that had been idle
# for too long, and a server that is being replaced and takes no writes any more.
ALSO_UNAVAILABLE = {"25P03", "25006"}


def server_error(request):
    """503 while the database is away, too busy or locked, else 500.

    Called while the exception that nobody caught is being handled. No query is made.
    """
    if not is_database_unavailable(sys.exc_info()[1]):
        return defaults.server_error(request)
    if _is_for_a_person(request):
        context = {"is_post": request.method == "POST", "sent": _sent(request)}
        answer = HttpResponse(render_to_string("503.html", context), status=503)
    else:
        answer = HttpResponse(SENTENCE, status=503, content_type="text/plain; charset=utf-8")
    answer["Retry-After"] = RETRY_SECONDS
    answer["Cache-Control"] = "no-store"
    return answer


def is_database_unavailable(problem):
    """Whether an exception says that the database could not be asked, or gave up on us.

    Such are a server that is gone, that has no connection left, that waited too long for a lock
    or for a statement, or that ended a deadlock.
    """
    if isinstance(problem, InternalError):
        return getattr(problem.__cause__, "pgcode", None) in ALSO_UNAVAILABLE
    # Plain DatabaseError is psycopg2's word for a server that died in the middle of a statement.
    return isinstance(problem, (OperationalError, InterfaceError)) or type(problem) is DatabaseError


def _is_for_a_person(request):
    # Programs (tus, fetch and htmx in our pages, curl) do not ask for HTML by name.
    asks_for_a_page = "text/html" in request.headers.get("Accept", "")
    return asks_for_a_page and "HX-Request" not in request.headers


def _sent(request):
    """Names and values of the form that was sent, to send it again; none when one is secret."""
    if request.method != "POST" or any("password" in name for name in request.POST):
        return []
    return [(name, value) for name, values in request.POST.lists() for value in values]
