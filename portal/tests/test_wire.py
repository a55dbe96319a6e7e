"""What stands on every answer, whoever gives it: views, errors, static files, redirects."""

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from portal.urls import handler500, urlpatterns  # noqa: F401


def _raising(problem):
    @login_not_required
    def view(request):
        raise problem

    return view


@login_not_required
def _kept_for_long(request):
    return HttpResponse("x", headers={"Cache-Control": "public, max-age=3600"})


urlpatterns = [
    *urlpatterns,
    path("raises/403/", _raising(PermissionDenied)),
    path("raises/500/", _raising(ZeroDivisionError)),
    path("raises/503/", _raising(OperationalError)),
    path("kept-for-long/", _kept_for_long),
]

EXACTLY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def visitor(client, settings):
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False
    return client


def check_headers(answer, policy=POLICY):
    for name, value in EXACTLY.items():
        assert answer[name] == value, name
    assert set(answer["Content-Security-Policy"].split("; ")) == policy
    assert "camera=()" in answer["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/cases/", 302),
        ("/admin/", 302),
        ("/files/", 401),
        ("/nowhere/", 404),
        ("/raises/403/", 403),
        ("/raises/500/", 500),
        ("/raises/503/", 503),
        ("/kept-for-long/", 200),
    ],
)
def test_every_answer_has_the_headers_and_is_kept_nowhere(visitor, db, broker, url, status):
    answer = visitor.get(url)
    assert answer.status_code == status
    check_headers(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_name_that_is_not_ours_is_refused_with_the_headers(visitor):
    answer = visitor.get("/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    check_headers(answer)


def test_a_form_without_its_token_is_refused_with_the_headers(db):
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/")
    assert answer.status_code == 403
    check_headers(answer)


def test_static_files_have_the_headers_and_are_kept(visitor, settings):
    settings.WHITENOISE_USE_FINDERS = True  # straight from the source
    answer = visitor.head("/static/js/theme.js")
    assert answer.status_code == 200
    check_headers(answer)
    assert "no-store" not in answer["Cache-Control"]


def test_what_a_member_sees_is_kept_nowhere(dentist_client, case):
    record = f"/cases/{case.number}/"
    for url in ("/", "/account/", "/cases/", "/cases/new/", record, f"{record}rx/state/"):
        answer = dentist_client.get(url)
        assert answer.status_code == 200, url
        assert "no-store" in answer["Cache-Control"], url
    moved = dentist_client.post(f"{record}archive/")
    assert (moved.status_code, moved["Cache-Control"]) == (302, "no-store")


def test_what_the_lab_sees_is_kept_nowhere(client, lab_user):
    client.force_login(lab_user)
    for url in ("/admin/", "/admin/jsi18n/", "/admin/cases/case/", "/admin/status/"):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert "no-store" in answer["Cache-Control"], url
        check_headers(answer)


def test_by_https_browsers_are_told_to_stay_with_it(visitor, settings):
    settings.SECURE_HSTS_SECONDS = 365 * 24 * 3600
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    for url in ("/healthz", "/nowhere/", "/raises/500/"):
        told = visitor.get(url, secure=True)["Strict-Transport-Security"]
        assert told == "max-age=31536000; includeSubDomains; preload"
    assert "Strict-Transport-Security" not in visitor.get("/healthz")


def test_a_browser_forgets_what_it_kept_at_sign_out(dentist_client):
    answer = dentist_client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert "_auth_user_id" not in dentist_client.session
    check_headers(answer)
    assert "You have signed out." in dentist_client.get(answer.url).text


def test_a_browser_forgets_the_lab_too(client, lab_user):
    client.force_login(lab_user)
    assert "storage" in client.post("/admin/logout/")["Clear-Site-Data"]


def test_nothing_is_forgotten_while_somebody_stays(dentist_client):
    for answer in (dentist_client.get("/accounts/logout/"), dentist_client.post("/account/")):
        assert "Clear-Site-Data" not in answer
