"""Nobody learns from an answer, or from the work for it, which addresses have an account."""

import re

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.conftest import LOGIN, PASSWORD
from portal.celery import app

RESET = "/accounts/password/reset/"
KINDS = ["known", "unknown", "deactivated", "closed", "careful"]


@pytest.fixture
def people(practice, make_practice, settings):
    """One of each kind; guesses are counted, and there are more than enough of them."""
    app.conf.task_always_eager = False
    settings.ACCOUNT_RATE_LIMITS = {
        name: limit.replace("10/", "100000/")
        for name, limit in settings.ACCOUNT_RATE_LIMITS.items()
    } | {"login": None}
    closed = make_practice("Closed Dental", is_active=False)
    for kind in KINDS:
        if kind != "unknown":
            User.objects.create_user(
                f"{kind}@x.example",
                PASSWORD,
                practice=closed if kind == "closed" else practice,
                is_active=kind != "deactivated",
            )


def knock(client, path, kind):
    form = {"email": f"{kind}@x.example"}
    if path == LOGIN:
        form = {"login": f"{kind}@x.example", "password": "wrong-" + PASSWORD}
    return client.post(path, form)


def comparable(answer, kind):
    text = answer.content.decode().replace(f"{kind}@x.example", "…")
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    moment = {"Content-Length", "X-Request-ID", "Expires"}
    headers = {name: value for name, value in answer.headers.items() if name not in moment}
    return answer.status_code, headers, text


@pytest.mark.parametrize("path", [LOGIN, RESET])
def test_the_answer_is_the_same(people, path):
    answers = [comparable(knock(Client(), path, kind), kind) for kind in KINDS]
    for answer in answers:
        assert answer == answers[0]


@pytest.mark.parametrize("path", [LOGIN, RESET])
def test_the_work_is_the_same(people, path, monkeypatch):
    """As many questions to the database, and as many passwords hashed."""
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher,
        "encode",
        lambda self, password, salt: hashed.append(password) or encode(self, password, salt),
    )
    work = {}
    for kind in KINDS:
        knock(Client(), path, kind)
        hashed.clear()
        with CaptureQueriesContext(connection) as asked:
            knock(Client(), path, kind)
        work[kind] = [q["sql"].split()[0] for q in asked], len(hashed)
    assert {kind: one for kind, one in work.items() if one != work["known"]} == {}, work["known"]
    assert work["known"][1] == (1 if path == LOGIN else 0)
