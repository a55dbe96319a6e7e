"""Guards that are no expression of ours: what a URL pattern, a setting or a library asks for."""

from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from django.conf import settings
from django.contrib import admin
from django.test import override_settings

from tests.matrix.asking import Asker
from tests.urls import BY_ROW

LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"
# What stands in the way of nobody.
HARMLESS = {
    "portal.logs.RequestLog": "it writes log lines",
    "portal.http.middleware.more_headers": "headers, see portal/tests/test_wire.py",
    "portal.http.middleware.not_stored": "headers, see portal/tests/test_wire.py",
    "portal.http.middleware.nothing_left": "headers, see portal/tests/test_wire.py",
    "portal.http.middleware.without_nul": "repairs addresses, see tests/corpus",
    "portal.http.middleware.in_utf_8": "reads texts, see tests/corpus",
    "portal.http.bad_requests.readable_form": "turns 500 into 400, see tests/corpus",
    "portal.http.bad_requests.RefuseBadRequests": "turns 500 into 400, see tests/corpus",
    "cases.files.files_host.files_only": "another host, see its own tests",
    "portal.limits.note_hits": "counts what was refused, see portal/tests/test_limits.py",
    "accounts.middleware.note_refusals": "writes the access log, see its own tests",
}
OURS = ("portal.", "accounts.", "cases.", "scheduling.")


@dataclass
class Switch:
    """Something to take away, and which cells may miss it."""

    name: str
    taken: object
    is_about: object

    def first_wrong(self, control):
        with self.taken(control.matrix):
            cells = (cell for cell in control.cells() if self.is_about(*cell))
            return control.first_wrong_of(cells)


def all_switches():
    for name, pattern in BY_ROW.items():
        if getattr(pattern.view, "login_required", True):
            yield _login(name, pattern.view)
    for middleware in settings.MIDDLEWARE:
        guards = middleware == LOGIN or middleware.startswith(OURS)
        if guards and middleware not in HARMLESS:
            yield Switch(middleware, _without(middleware), lambda *cell: True)
    yield Switch(
        "django.contrib.admin.AdminSite.has_permission",
        lambda matrix: mock.patch.object(admin.AdminSite, "has_permission", return_value=True),
        lambda row, role, *_: row.pattern.startswith("admin/") and role == "member",
    )


def harmless_changes():
    """Changes that take no guard away, and so must change nothing."""
    yield Switch(
        "portal.http.middleware.without_nul is left out",
        _without("portal.http.middleware.without_nul"),
        lambda *cell: True,
    )
    yield Switch(
        "a page of the list has 49 cases",
        lambda matrix: mock.patch("cases.views.listing.PAGE_SIZE", 49),
        lambda row, *_: row.pattern.startswith("cases:"),
    )


def _login(name, view):
    """LoginRequiredMiddleware lets strangers pass to a view."""

    @contextmanager
    def open_to_all(matrix):
        view.login_required = False
        try:
            yield
        finally:
            view.login_required = True

    return Switch(
        f"sign-in is asked for: {name}",
        open_to_all,
        lambda row, role, *_: row.pattern == name and role == "anonymous",
    )


def _without(middleware):
    @contextmanager
    def taken(matrix):
        left = [each for each in settings.MIDDLEWARE if each != middleware]
        before = matrix.asker.handler
        with override_settings(MIDDLEWARE=left):
            matrix.asker.handler = Asker({}).handler
            try:
                yield
            finally:
                matrix.asker.handler = before

    return taken
