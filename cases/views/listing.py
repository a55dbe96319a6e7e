from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from cases import access, export, policies, services
from cases.access import Action, What, logged
from cases.models import Case
from portal.refusal import NotAllowed
from portal.writing.text import plain_text

PAGE_SIZE = 50
LONG = ["description", "implants", "shipping_address"]
COLUMNS = {
    "case": "Case ID",
    "patient": "Patient",
    "progress": "Progress",
    "modified": "Last Modified",
    "ship": "Ship Date",
    "archive": "Archive",
}
_ORDERS = {
    "case": [F("pk")],
    "patient": [F("patient_key")],
    "progress": [F("progress")],
    "modified": [F("modified_at")],
    "ship": [F("ship_date")],
    "archive": [F("archived_at")],
}
# First by what the dentist must act on, then the newest (manual, "Default Sorting").
DEFAULT_SORT = "progress"


@require_safe
@logged(What.CASES, Action.OPENED)
def case_list(request):
    """The cases of the practice; sorting, search, page and archive all live in the URL."""
    archived, words, sort = _asked(request)
    # What no column shows would be carried through the sorting of all.
    visible = Case.objects.visible_to(request.user).select_related("practice").defer(*LONG)
    found = _found(visible.with_all_here(), request)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "columns": _headers(sort),
        "archived": archived,
        "q": words,
        "sort": sort,
        "is_empty": not page.object_list and not visible.exists(),
        "can_send": policies.can_send_cases(request.user),
        "is_lab": request.user.is_staff,
    }
    return render(request, "cases/case_list.html", context)


@require_safe
@logged(What.CASES, Action.DOWNLOADED)
def export_csv(request):
    """What the list shows on all its pages, as a CSV file."""
    try:
        return export.download(request, _found(Case.objects.visible_to(request.user), request))
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return redirect("cases:list")


def _asked(request):
    """From the address: whether the archived ones, words to search for, and the sort."""
    words = plain_text(request.GET.get("q", ""))[:200]
    return request.GET.get("archived") == "1", words, _sort(request.GET.get("sort", ""))


def _found(visible, request):
    archived, words, sort = _asked(request)
    found = visible.filter(archived_at__isnull=not archived)
    if words:
        found = found.search(words)
    return _ordered(found, sort)


def _sort(asked):
    return asked if asked.removeprefix("-") in COLUMNS else DEFAULT_SORT


def _ordered(cases, sort):
    down = sort.startswith("-")
    first = [
        key.desc(nulls_last=True) if down else key.asc(nulls_last=True)
        for key in _ORDERS[sort.removeprefix("-")]
    ]
    return cases.order_by(*first, "-modified_at", "-pk")


def _headers(sort):
    """Each column with the sort its link asks for and how it is sorted now."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    return [
        {
            "name": column,
            "label": label,
            "link": f"-{column}" if column == name and not down else column,
            "sorted": ("descending" if down else "ascending") if column == name else "none",
        }
        for column, label in COLUMNS.items()
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.CASE, Action.ARCHIVED)
def archive(request, number):
    done = "is archived. It is neither held nor cancelled by that: for those, please contact us."
    return _archive(request, number, services.archive, done)


@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.CASE, Action.UNARCHIVED)
def unarchive(request, number):
    return _archive(request, number, services.unarchive, "is back in the list.")


def _archive(request, number, service, done):
    case = access.find(request, number=number)
    if not policies.can_archive(request.user, case):
        raise PermissionDenied("Cases are archived by members of their practice.")
    if request.method != "POST":  # from the sign-in page, when the session had ended
        return redirect(case)
    request.visit.back_to = _back(request)
    service(case, by=request.user, now=timezone.now())
    messages.success(request, f"Case {case.number} {done}")
    return redirect(request.visit.back_to)


def _back(request):
    """To the list as it was, which the form names; never to another site."""
    target = request.POST.get("next", "")
    # A path only: redirect() would take a bare word for the name of a view.
    if target.startswith("/") and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return "cases:list"
