"""Each line says when, where and for whom, and none of them names a person."""

import io
import json
import logging
import warnings
from datetime import UTC, datetime

import pytest
from celery import shared_task
from django.core.exceptions import SuspiciousFileOperation
from django.db import IntegrityError
from django.urls import path

from cases.models import Case
from portal.logs import formatter
from portal.models import Email
from portal.tasks import send_email
from portal.urls import urlpatterns as portal_urls
from tests.corpus import bodies
from tests.corpus.raw import as_browser, ask

PATIENT = "Canary Quillfeather"
ADDRESS = "canary@quillfeather.example"


def break_down(request, number):
    """Fail as a database does: with the row that it refused in its words."""
    try:
        raise IntegrityError(f"Failing row contains (7, {PATIENT}, {ADDRESS}).")
    except IntegrityError as problem:
        logging.getLogger("portal.tests").warning("It was refused: %s", problem)
        raise ValueError(PATIENT) from problem


def refuse(request, number):
    raise SuspiciousFileOperation(f"{PATIENT}.stl is outside of the storage.")


urlpatterns = [
    *portal_urls,
    path("cases/<str:number>/breaks/", break_down, name="breaks"),
    path("cases/<str:number>/refuses/", refuse, name="refuses"),
]


@shared_task
def send_broken_mail(pk):
    raise ValueError(f"{ADDRESS} is broken.")


@pytest.fixture
def lines():
    """A function that gives the lines written so far, each parsed."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter("json"))
    loggers = [logging.getLogger(name) for name in ("", "django", "gunicorn.error")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)
    for clue in ("Canary", "canary", "Quillfeather", "quillfeather"):
        assert clue not in written.getvalue()


def test_a_request_leaves_one_line_with_its_route_case_and_user(
    dentist_client, dentist_user, case, lines
):
    Case.objects.update(patient_name=PATIENT)
    began = datetime.now(UTC)
    answer = dentist_client.get(
        f"/cases/{case.number}/", {"q": PATIENT}, headers={"User-Agent": ADDRESS}
    )
    [line] = lines()
    assert line.pop("ms") >= 0
    assert began <= datetime.fromisoformat(line.pop("time")) <= datetime.now(UTC)
    assert line == {
        "event": "Answered",
        "level": "info",
        "logger": "portal.logs",
        "request": answer["X-Request-ID"],
        "method": "GET",
        "route": "cases:record",
        "case": case.number,
        "user": dentist_user.pk,
        "status": 200,
    }


@pytest.mark.parametrize("pasted", [PATIENT, ADDRESS, "26-1 Canary", "1990-12-31"])
def test_what_somebody_pasted_into_an_address_stays_out(dentist_client, lines, pasted):
    dentist_client.get(f"/cases/{pasted}/")
    dentist_client.get(f"/nowhere/{pasted}/", {"name": PATIENT})
    dentist_client.post("/accounts/login/", {"login": ADDRESS, "password": PATIENT})
    first, second, *_ = lines()
    assert (first["route"], first["status"]) == ("cases:record", 404)
    assert "case" not in first
    assert second["status"] == 404
    assert "route" not in second


def test_an_id_that_came_with_the_request_is_not_believed(client, db, lines):
    answer = client.get("/", headers={"X-Request-ID": PATIENT})
    assert lines()[0]["request"] == answer["X-Request-ID"]


@pytest.mark.urls(__name__)
def test_an_exception_is_told_by_its_type_and_place(dentist_client, dentist_user, lines):
    dentist_client.raise_request_exception = False
    dentist_client.get("/cases/26-10001/breaks/")
    warned, failed, answered = lines()
    assert warned["event"] == "It was refused: IntegrityError"
    assert failed["event"] == "Request failed"
    assert failed["exception"].endswith("builtins.ValueError")
    assert "django.db.utils.IntegrityError\nwhich led to\n" in failed["exception"]
    assert "test_logs.py" in failed["exception"]
    assert (answered["status"], answered["level"]) == (500, "error")
    for line in lines():
        assert (line["case"], line["user"]) == ("26-10001", dentist_user.pk)
    assert len({line["request"] for line in lines()}) == 1


@pytest.mark.urls(__name__)
def test_a_refused_request_says_why_and_not_what_was_in_it(dentist_client, lines):
    dentist_client.get("/cases/26-10001/refuses/")
    refused, answered = lines()
    assert refused["event"] == "Refused: SuspiciousFileOperation"
    assert refused["level"] == "warning"
    assert "exception" not in refused
    assert answered["status"] == 400


@pytest.mark.parametrize(("kind", "body", "announced"), bodies.CUT, ids=range(8))
def test_a_line_that_broke_off_is_no_failure(client, db, lines, kind, body, announced):
    ask("POST", "/accounts/login/", kind, body, announced, **as_browser(client))
    [answered] = lines()
    assert (answered["status"], answered["level"]) == (400, "info")
    assert "exception" not in answered


def test_probes_are_silent_while_all_is_well(client, db, lines):
    client.get("/healthz")
    assert lines() == []


def test_a_task_leaves_one_line_with_its_row(db, lines):
    mail = Email.objects.create(key="k", kind="k", to=ADDRESS, subject=PATIENT, text=PATIENT)
    send_email.apply([mail.pk])
    [line] = lines()
    assert line["event"] == "Task ended"
    assert line["task"] == "portal.tasks.send_email"
    assert (line["row"], line["outcome"]) == (str(mail.pk), "SUCCESS")


def test_a_task_that_breaks_says_where(db, lines):
    send_broken_mail.apply([7])
    failed, ended = lines()
    assert (failed["event"], failed["row"]) == ("Task failed", "7")
    assert "send_broken_mail" in failed["exception"]
    assert (ended["event"], ended["outcome"]) == ("Task ended", "FAILURE")


def test_what_others_log_with_an_exception_keeps_its_fixed_words_only(lines):
    try:
        raise OSError(PATIENT)
    except OSError:
        logging.getLogger("gunicorn.error").exception("Error handling request %s", f"/{PATIENT}")
    assert lines()[0]["event"] == "Error handling request %s"


def test_a_warning_is_told_by_its_place_and_category(lines):
    text = warnings.formatwarning(f"Invalid name: {PATIENT}", UserWarning, "/lib/dicom.py", 7, "")
    logging.getLogger("py.warnings").warning("%s", text)
    assert lines()[0]["event"] == "/lib/dicom.py:7: UserWarning"


def test_on_a_terminal_a_line_is_for_people(rf):
    record = logging.LogRecord("portal", logging.INFO, "", 1, "Put away: %s", ("7",), None)
    line = formatter("text").format(record)
    assert line.endswith("[info] Put away: 7 [portal]")
