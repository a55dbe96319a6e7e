"""Files from a host name of their own: it gives them by a signed link, and does nothing else."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.urls import get_resolver

from accounts.models import Access
from cases.models import Attachment
from cases.tasks import render_prescription
from portal import environment as read

pytestmark = pytest.mark.embedded(only=True)
FILES = "files.portal.example"
BODY = b"<script>alert(document.cookie)</script>"


@pytest.fixture
def files_host(settings):
    settings.FILES_URL, settings.FILES_HOST = f"https://{FILES}", FILES
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, FILES]


@pytest.fixture
def file(case, dentist_user):
    file = case.attachments.create(
        name="Jane Roe.html",
        size=len(BODY),
        practice=case.practice,
        uploaded_by=dentist_user,
        state=Attachment.State.STORED,
        work_state="done",
    )
    default_storage.write(file.key, BODY)
    return file


@pytest.fixture
def address(file):
    return f"/cases/{file.case.number}/files/{file.pk}/"


def at_files_host(client, link, **more):
    assert link.startswith(f"https://{FILES}/")
    return client.get(link.removeprefix(f"https://{FILES}"), headers={"host": FILES}, **more)


def check_is_no_page(answer, name):
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "no-store" in answer["Cache-Control"]


def test_without_the_setting_the_portal_gives_files_out_as_no_page(dentist_client, address):
    answer = dentist_client.get(address)
    assert answer.getvalue() == BODY
    check_is_no_page(answer, "Jane Roe.html")


def test_a_download_leads_to_the_files_host_after_it_was_noted(
    files_host, dentist_client, client, address
):
    moved = dentist_client.get(address)
    assert (moved.status_code, moved.content) == (302, b"")
    assert moved["Cache-Control"] == "private, no-store"
    assert Access.objects.exclude(what="account").get().result == Access.Result.GIVEN
    assert "Jane" not in moved["Location"]
    client.cookies.clear()
    answer = at_files_host(client, moved["Location"])
    assert answer.getvalue() == BODY
    check_is_no_page(answer, "Jane Roe.html")
    assert not answer.cookies


def test_an_rx_script_comes_from_there_too(files_host, client, dentist_user, send_case):
    case = send_case()
    render_prescription(case.prescriptions.get().pk)
    client.force_login(dentist_user)
    answer = at_files_host(client, client.get(f"/cases/{case.number}/rx/")["Location"])
    assert answer.getvalue().startswith(b"%PDF")
    check_is_no_page(answer, f"RX-{case.number}-r1.pdf")


def test_another_practice_gets_no_link(files_host, client, other_practice_user, address):
    client.force_login(other_practice_user)
    assert client.get(address).status_code == 404


def test_a_link_is_good_for_a_minute(files_host, dentist_client, address, monkeypatch):
    link = dentist_client.get(address)["Location"]
    at_files_host(dentist_client, link).close()
    monkeypatch.setattr("portal.files.storage.LINK_SECONDS", -1)
    late = at_files_host(dentist_client, link)
    assert (late.status_code, b"go back and download again" in late.content) == (410, True)


def test_a_link_that_was_changed_opens_nothing(files_host, dentist_client, file, address):
    link = dentist_client.get(address)["Location"]
    key, time, signature = link.rsplit("/", 1)[1].split(":")
    for token in (
        f"{key}x:{time}:{signature}",
        f"{key}:{time}x:{signature}",
        f"{key}:{time}:{signature[::-1]}",
        f"{key}:{time}",
        file.key,
        f"../{file.key}",
        "",
    ):
        answer = at_files_host(dentist_client, f"https://{FILES}/{token}")
        assert (answer.status_code, answer.content) == (404, b"There is nothing here."), token


def test_a_link_opens_nothing_on_the_portals_own_host(files_host, dentist_client, address):
    link = dentist_client.get(address)["Location"]
    assert dentist_client.get(link.removeprefix(f"https://{FILES}")).status_code == 404


def test_a_file_that_is_gone_says_so(files_host, dentist_client, file, address):
    link = dentist_client.get(address)["Location"]
    default_storage.delete(file.key)
    assert at_files_host(dentist_client, link).status_code == 503
    assert dentist_client.get(address).status_code == 503
    file.delete()
    assert at_files_host(dentist_client, link).status_code == 404


def test_the_files_host_has_no_pages_and_takes_nothing(files_host, client, lab_user, settings):
    settings.WHITENOISE_USE_FINDERS = True
    client.force_login(lab_user)
    roots = {"/" + str(one.pattern).partition("<")[0] for one in get_resolver().url_patterns}
    for path in roots | {"/admin/", "/cases/", "/healthz", "/static/js/theme.js"}:
        answer = client.get(path, headers={"host": FILES})
        assert (answer.status_code, answer.content) == (404, b"There is nothing here."), path
        assert not answer.cookies
    for method in ("post", "put", "patch", "delete", "options"):
        assert getattr(client, method)("/x", headers={"host": FILES}).status_code == 405


@pytest.mark.parametrize(
    "value",
    [
        "files.example.com",
        "http://files.example.com",
        "https://portal.example.com",
        "https://portal.example.com:8443",
        "https://files.example.com/files",
        "https://",
    ],
)
def test_the_files_host_is_another_host_and_by_https(monkeypatch, value):
    monkeypatch.setenv("FILES_URL", value)
    with pytest.raises(ImproperlyConfigured, match="FILES_URL is"):
        read.files_url("FILES_URL", "https://portal.example.com")


def test_the_files_host_is_left_out_by_default(monkeypatch):
    monkeypatch.delenv("FILES_URL", raising=False)
    assert read.files_url("FILES_URL", "https://portal.example.com") == ""
    monkeypatch.setenv("FILES_URL", "https://files.example.com/")
    found = read.files_url("FILES_URL", "https://portal.example.com")
    assert found == "https://files.example.com"
