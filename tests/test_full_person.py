"""No page of a person with every limit reached takes much memory or asks for much."""

from functools import partial

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from drills import full_person

QUERIES = 60
# The library asks for each session whether it is still one.
SESSIONS = "/accounts/sessions/"


@pytest.fixture
def full(db):
    return full_person.fill(cases=300, visits=6000, revisions=25)


def test_no_page_of_a_person_with_every_limit_reached_is_large(full):
    clients = {who: Client() for who in (full.owner, full.lab)}
    for who, client in clients.items():
        client.force_login(who)
    too_much = []
    for who, path in full.pages():
        with CaptureQueriesContext(connection) as asked:
            answer, megabytes = full_person.peak(partial(clients[who].get, path))
        most = QUERIES + 4 * 50 if path == SESSIONS else QUERIES
        if answer.status_code != 200 or megabytes > full_person.MEGABYTES or len(asked) > most:
            too_much.append((path, answer.status_code, megabytes, len(asked)))
    assert too_much == []
