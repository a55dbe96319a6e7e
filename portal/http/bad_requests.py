"""Requests that no page of ours makes: what they bring is nothing that can be read or looked up."""

from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.http import QueryDict, UnreadablePostError
from django.urls import reverse
from django.views import defaults

from portal.http.methods import UPLOADS

LONGEST_SEARCH = 400


def readable_form(get_response):
    """Answer 400 to a form that cannot be read, whatever it was sent to.

    Read here, a body fails in one place: not in a view, nor while the page of an error is drawn.
    No form is sent to where files arrive, whatever a stranger calls a body that drips: it is read
    by nobody but the view, once it is known who sends it.
    """

    def answer(request):
        if request.path_info.startswith(UPLOADS):
            request.POST = QueryDict()
        try:
            request.POST  # noqa: B018 (it is read when it is asked for)
        # The line broke off; or a parameter of a part is there in two ways, which Python's reader
        # of heads does not take. What Django refuses by itself is answered with 400 anyway.
        except (UnreadablePostError, TypeError) as problem:
            raise BadRequest from problem
        return get_response(request)

    return answer


class RefuseBadRequests:
    """Answer 400 when what was typed into an address of the admin is nothing a database takes.

    Django's admin hands keys, dates and values of a request on as they are: a year 9999, a number
    of thirty digits, a key that is none. Our own views check what they take, so there the same
    would be a fault of ours, and is answered as one. What may be asked for, ShownOnlyAdmin says.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if in_admin(request) and asks_nonsense(request):
            return defaults.bad_request(request, BadRequest())
        return None

    def process_exception(self, request, problem):
        return defaults.bad_request(request, problem) if is_bad(request, problem) else None


def in_admin(request):
    return request.path_info.startswith(reverse("admin:index"))


def asks_nonsense(request):
    """Whether the admin is asked for what a database is kept busy by, or Django stumbles over.

    The former is a search for a thousand words, the latter a key that has no name.
    """
    nameless = "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR))
    return nameless or len(request.GET.get("q", "")) > LONGEST_SEARCH


def is_bad(request, problem):
    """Whether an exception says that no database takes a value that was sent to the admin."""
    if not in_admin(request):
        return False
    if isinstance(problem, DataError):
        return True
    # ValueError: also text that is no Unicode, and NUL for PostgreSQL.
    of_a_value = isinstance(problem, OverflowError | ValueError | ValidationError)
    return of_a_value and _raised_in(problem.__traceback__).startswith(
        ("django.db.", "django.utils", "django.contrib.admin.")
    )


def _raised_in(traceback):
    """The module whose code was running when an exception was raised."""
    while traceback.tb_next:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_globals.get("__name__", "")
