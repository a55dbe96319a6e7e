import pytest
from django.db import connection

from tests.corpus.world import World


@pytest.fixture
def world(db):
    """A row of each kind, and who signs in to look at it: see tests.corpus.world."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Drawing inputs may take minutes in which the database is not asked.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    return World()


@pytest.fixture
def any_number_of_attempts(settings):
    """After ten, no further text would be looked at; nor after a full hour of messages."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 10**9)


@pytest.fixture(autouse=True)
def many_requests(quick):
    """Tens of thousands of lines that say "Answered" help nobody."""
