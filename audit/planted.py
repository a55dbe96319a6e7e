"""Small faults that the tools must find. They exist in a temporary copy of the project only.

Keys are put together here, so that none stands in this file.
"""

from audit.asked import Asked

# As long and as mixed as a real one.
KEY = "AKIA" + "".join(chr(65 + 7 * place % 26) for place in range(16))
PASSWORD_LINE = f'AWS_KEY = "{KEY}"\n'

RUFF = """\
import subprocess


def show(name):
    return subprocess.run(f"ls {name}", shell=True)
"""

BANDIT = """\
import hashlib
import pickle

from django.db import connection


def restore(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM cases_case WHERE number = '%s'" % request.GET["number"])
    return pickle.loads(request.body), hashlib.md5(request.body).hexdigest()
"""

SEMGREP_VIEW = """\
import logging
from datetime import date, datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import mark_safe

from cases.models import Attachment, Case
from cases.tasks import store_attachment

log = logging.getLogger(__name__)


def planted(request, number, pk):
    case = Case.objects.get(number=number)
    file = get_object_or_404(Attachment, pk=pk)
    log.info("Opened %s at %s", case.patient_name, datetime.now())
    store_attachment.delay(file.pk)
    return HttpResponse(mark_safe(request.GET["q"]), headers={"X-Day": str(date.today())})
"""

SEMGREP_TEMPLATE = "<p>{{ case.description|safe }}</p>\n"

# Path in the copy → text, and the rules of each tool that must be found in it.
FILES = {
    "cases/planted_ruff.py": RUFF,
    "cases/planted_bandit.py": BANDIT,
    "cases/views/planted_view.py": SEMGREP_VIEW,
    "templates/cases/planted.html": SEMGREP_TEMPLATE,
    "portal/planted_key.py": PASSWORD_LINE,
}
RUFF_RULES = {"cases/planted_ruff.py": ["S602"], "cases/views/planted_view.py": ["S308"]}
BANDIT_RULES = {
    "cases/planted_bandit.py": ["B301", "B324", "B608"],
    "cases/planted_ruff.py": ["B602"],
    "cases/views/planted_view.py": ["B308"],
}
SECRETS = {
    "portal/planted_key.py": ["AWS Access Key"],
    # Committed and taken out again, in a repository of its own.
    "planted_and_removed.py": ["AWS Access Key"],
}
SEMGREP_RULES = {
    "cases/views/planted_view.py": [
        "rows-outside-visible-to",
        "get-object-of-a-whole-model",
        "mark-safe",
        "message-outside-the-hand-over",
        "naive-time",
        "patient-in-a-log-line",
    ],
    "templates/cases/planted.html": ["safe-in-a-template"],
}

PAGE = """\
from django.db import connection
from django.http import HttpResponse

FORM = '<form action="/planted/shown/"><input type="text" name="q"><button>Go</button></form>'
FORM += '<a href="/planted/shown/?q=guide">Guides</a>'


def shown(request):
    return HttpResponse(f"<html><body>{FORM}<p>{request.GET.get('q', '')}</p></body></html>")


def found(request, number="26-10001"):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number, progress FROM cases_case WHERE number = '%s' OR number = '%s'"
            " OR number = '%s' OR number = '%s'"
            % (number, request.GET.get("q"), request.POST.get("q"), request.COOKIES.get("seen"))
        )
        rows = cursor.fetchall()
    return HttpResponse(f"<html><body>{rows}</body></html>")
"""
XSS_PAGE = "/planted/shown/"
PAGES = {"portal/planted_pages.py": PAGE}
# Path in the copy → what stands there, and what is to stand there.
PATCHES = {
    "portal/urls.py": (
        "urlpatterns = [",
        """\
from django.views.decorators.csrf import csrf_exempt

from portal import planted_pages

urlpatterns = [
    path("planted/shown/", planted_pages.shown),
    path("planted/found/", csrf_exempt(planted_pages.found)),
    path("planted/found/<str:number>/", planted_pages.found),
""",
    )
}
WAPITI = {("Reflected Cross Site Scripting", XSS_PAGE)}
# The first of them is the one whose cookies are tried.
SQL_REQUESTS = [
    Asked("GET", "/planted/found/", ()),
    Asked("GET", "/planted/found/26-10001*/", ()),
    Asked("GET", "/planted/found/", (("q", "26-10002"),)),
    Asked("POST", "/planted/found/", (("q", "26-10003"),)),
]
COOKIE = {"seen": "26-10004"}
SQLMAP = {"GET q", "POST q", "URI #1*", "Cookie seen"}
