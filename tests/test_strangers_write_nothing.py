"""No request of somebody who is not signed in writes a row, but for a few with a reason."""

import uuid

import pytest
from django.contrib.sessions.models import Session
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import PasswordReset
from tests.matrix.asking import noting
from tests.matrix.cells import all_cells
from tests.matrix.rules import NOBODYS, OWN, asked
from tests.matrix.world import make_world

pytestmark = pytest.mark.usefixtures("quick")
ROWS = all_cells()
LOG = {"accounts_access"}
COUNTED = {"portal_cache"}  # which holds one row for each limit and address
SESSION = {"django_session"}

# Address, what it may write for a stranger, and why.
MAY = {
    "account_login": (LOG | COUNTED, "A guess is counted before it is looked at, and logged."),
    "account_reset_password": (
        COUNTED | {"accounts_passwordreset"},
        "Ten in 15 minutes from an address; the row goes once a worker has looked.",
    ),
    "account_reset_password_from_key": (COUNTED, "A link is tried, and the try is counted."),
    "account_signup": (COUNTED, "The library counts first, and then says that it is closed."),
    "mfa_login_webauthn": (
        COUNTED | SESSION,
        "A passkey signs a number that the portal remembers: 60 in 15 minutes from an address.",
    ),
    "accounts:accept_invitation": (
        SESSION | {"accounts_invitation", "accounts_user", "portal_email"},
        "Who has the link of an invitation, once.",
    ),
    "accounts:staff_invited": (
        SESSION | {"accounts_user", "accounts_access"},
        "Who has the link of new staff, once.",
    ),
    "cases:new with a token": ({"accounts_unsent"}, "Who was signed in here; one row for a form."),
    "cases:update with a token": ({"accounts_unsent"}, "The same."),
    "cases:message with a token": ({"accounts_unsent"}, "The same; one for a case."),
}
# Fields that forms of the portal have, as somebody might send them to any address.
TYPED = {
    "body": "Hello",
    "patient_name": "Ann",
    "description": "Guide",
    "email": "ann@x.example",
    "login": "ann@x.example",
    "password": "four-crowns",
    "name": "Ann",
    "code": "123456",
    "save_practice": "1",
    "form_key": str(uuid.UUID(int=5)),
    "form_token": signing.dumps([1, "/account/"], key="another", salt="accounts.unsent"),
    "kept": "1",
    "next": "/cases/",
}


@pytest.fixture
def world(db):
    cache.clear()
    return make_world()


def written_by(client, method, url, sent):
    """The tables that a request writes to."""
    found = set()
    data, headers = sent.get("data") or {}, sent.get("headers", {})
    with connection.execute_wrapper(noting(found)):
        if method == "GET":
            client.get(url, headers=headers)
        elif isinstance(data, bytes):
            client.post(url, data, sent["type"], headers=headers)
        else:
            client.post(url, {**TYPED, **data}, headers=headers)
    return found


def requests(row, world):
    """What a row of the matrix asks, for what is there and for what is not."""
    for thing in {OWN, NOBODYS}.intersection(row.things) or row.things[:1]:
        url, sent, _ = row.request(asked(world, "anonymous", thing))
        if callable(sent.get("data")):  # of a page that a stranger does not get
            del sent["data"]
        for method in ("GET", "POST"):
            yield method, url, sent
        # As a program asks.
        yield "GET", url, {"headers": {"Accept": "application/json"}}


def may(row):
    return MAY.get(row.name, MAY.get(row.pattern, (set(), "")))[0]


def test_no_address_takes_a_row_from_a_stranger(world):
    wrong = set()
    for row in ROWS:
        for method, url, sent in requests(row, world):
            # Who comes with nothing, and once more with the cookies that it got.
            client = Client()
            for _ in range(2):
                if found := written_by(client, method, url, sent) - may(row):
                    wrong.add(f"{row.name}: {method} {url}: {sorted(found)}")
    assert not wrong, "\n".join(sorted(wrong))


def test_what_may_write_is_an_address():
    assert set(MAY) <= {row.name for row in ROWS} | {row.pattern for row in ROWS}


def test_a_stranger_begins_few_sessions_at_the_question_to_a_passkey(world):
    url, program = "/accounts/two-step/webauthn/login/", {"Accept": "application/json"}
    sessions = Session.objects.count()
    statuses = [Client().get(url, headers=program).status_code for _ in range(70)]
    assert (statuses.count(200), statuses.count(429)) == (60, 10)
    assert Session.objects.count() == sessions + 60


def test_what_is_counted_of_a_stranger_is_one_row_for_a_limit(world):
    for number in range(30):
        typed = {"login": f"{number}@x.example", "password": "four-crowns"}
        Client().post("/accounts/login/", typed)
        Client().post("/accounts/password/reset/", {"email": f"{number}@x.example"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM portal_cache")
        # Ten guesses and ten resets are looked at, each counted for its address as well.
        assert cursor.fetchone()[0] <= 30
    assert PasswordReset.objects.filter(email__endswith="@x.example").count() <= 12
