"""A database that is gone, busy or locked: a calm 503, and nothing that was typed is lost."""

import re
import sqlite3
from contextlib import closing, contextmanager
from html import unescape
from select import select

import psycopg2
import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpResponse
from django.urls import path

from cases.models import Message
from portal import urls as portal_urls
from portal.http.errors import SENTENCE

pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="Only PostgreSQL does this."
)
PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
TYPED = "Is the sleeve\nmetal? <b>&"


@login_not_required
def long_statement(request):
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200")
        cursor.execute("SELECT pg_sleep(30)")
    return HttpResponse()


@login_not_required
def idle_transaction(request):
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 100")
        cursor.execute("BEGIN")
        ended = select([connection.connection.fileno()], [], [], 20)[0]  # It says why.
        assert ended
        cursor.execute("SELECT 1")
    return HttpResponse()


@login_not_required
def programming_error(request):
    raise ValueError("not the database's fault")


urlpatterns = [
    *portal_urls.urlpatterns,
    path("long-statement/", long_statement),
    path("idle-transaction/", idle_transaction),
    path("programming-error/", programming_error),
]
handler500 = portal_urls.handler500


@pytest.fixture
def browser(dentist_client):
    """Sees what a person sees: an answer, whatever happened."""
    dentist_client.raise_request_exception = False
    return dentist_client


def server():
    """A connection of somebody else to the same database."""
    if connection.vendor == "sqlite":
        return sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return psycopg2.connect(**{name: parameters[name] for name in names if name in parameters})


@contextmanager
def locked():
    """Another process writes to the tables of messages and users, and does not come to an end."""
    with closing(server()) as other:
        cursor = other.cursor()
        if connection.vendor == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
            patience = "PRAGMA busy_timeout = 200"
        else:
            cursor.execute("LOCK TABLE cases_message, accounts_user IN ACCESS EXCLUSIVE MODE")
            patience = "SET lock_timeout = 200"
        with connection.cursor() as ours:
            ours.execute(patience)
        yield
    connection.close()


def send(browser, case, **options):
    return browser.post(f"/cases/{case.number}/message/", {"body": TYPED}, **options)


def test_a_locked_database_answers_503_and_keeps_what_was_typed(browser, case):
    with locked():
        answer = send(browser, case, headers=PERSON)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "15"
    assert answer["Cache-Control"] == "no-store"
    assert "form-action 'self'" in answer["Content-Security-Policy"]
    assert not Message.objects.exists()
    assert "this page keeps it" in answer.text
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', answer.text)
    assert [(name, unescape(value)) for name, value in fields] == [("body", TYPED)]
    browser.post(
        answer.request["PATH_INFO"], dict((name, unescape(value)) for name, value in fields)
    )
    assert Message.objects.get().body == TYPED


def test_programs_are_told_in_plain_text(browser, case):
    with locked():
        answers = [
            send(browser, case),
            send(browser, case, headers={**PERSON, "HX-Request": "true"}),
            browser.post("/files/", headers={"Tus-Resumable": "1.0.0", "Upload-Length": "5"}),
        ]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert {answer.text for answer in answers} == {SENTENCE}
    assert {answer["Content-Type"] for answer in answers} == {"text/plain; charset=utf-8"}


def test_a_password_is_never_put_into_the_page(client, dentist_user):
    client.raise_request_exception = False
    form = {"login": dentist_user.email, "password": "four-crowns-and-a-bridge"}
    with locked():
        answer = client.post("/accounts/login/", form, headers=PERSON)
    assert answer.status_code == 503
    assert "four-crowns" not in answer.text
    assert "Go back to the form" in answer.text


@pytest.mark.urls(__name__)
def test_any_other_failure_is_still_a_500(browser):
    answer = browser.get("/programming-error/", headers=PERSON)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text


@on_postgresql
@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", ["/long-statement/", "/idle-transaction/"])
def test_a_statement_or_transaction_that_takes_too_long_is_a_503(browser, address):
    answer = browser.get(address, headers=PERSON)
    connection.close()
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.text


@on_postgresql
def test_a_connection_that_the_server_ended_is_a_503_and_the_next_request_is_well(browser, case):
    with connection.cursor() as cursor, closing(server()) as other:
        cursor.execute("SELECT pg_backend_pid()")
        other.cursor().execute("SELECT pg_terminate_backend(%s)", cursor.fetchone())
    assert browser.get(case.get_absolute_url()).status_code == 503
    connection.close_if_unusable_or_obsolete()
    assert browser.get(case.get_absolute_url()).status_code == 200


@on_postgresql
def test_a_server_that_is_not_there_is_a_503(browser, case, monkeypatch):
    connection.close()
    with monkeypatch.context() as gone:
        gone.setitem(connection.settings_dict, "PORT", 9)
        answer = browser.get(case.get_absolute_url(), headers=PERSON)
    assert answer.status_code == 503
    assert browser.get(case.get_absolute_url()).status_code == 200
