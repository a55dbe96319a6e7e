"""What somebody who is not signed in may write is bounded; all else the matrix refuses them."""

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import PasswordReset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted(db):
    cache.clear()


def test_a_stranger_begins_few_sessions_at_the_question_to_a_passkey():
    url, program = "/accounts/two-step/webauthn/login/", {"Accept": "application/json"}
    sessions = Session.objects.count()
    statuses = [Client().get(url, headers=program).status_code for _ in range(70)]
    assert (statuses.count(200), statuses.count(429)) == (60, 10)
    assert Session.objects.count() == sessions + 60


def test_what_is_counted_of_a_stranger_is_one_row_for_a_limit():
    for number in range(30):
        typed = {"login": f"{number}@x.example", "password": "four-crowns"}
        Client().post("/accounts/login/", typed)
        Client().post("/accounts/password/reset/", {"email": f"{number}@x.example"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM portal_cache")
        # Ten guesses and ten resets are looked at, each counted for its address as well.
        assert cursor.fetchone()[0] <= 30
    assert PasswordReset.objects.filter(email__endswith="@x.example").count() <= 12
