"""How long an invitation takes must not tell whether its address has an account."""

from statistics import median
from time import perf_counter

import pytest

from accounts.models import Invitation, User
from portal.models import Email

TRIES = 250  # of each kind
ALLOWED = 0.005  # seconds


@pytest.fixture
def many_people(make_practice):
    """As many accounts as a busy lab has, so that looking for one costs something."""
    practice = make_practice("Hilltop Dental")
    people = [User(email=f"p{n}@hilltop.example", practice=practice) for n in range(500)]
    User.objects.bulk_create(people)


def test_an_invitation_takes_as_long_for_known_as_for_unknown_addresses(owner_client, many_people):
    took = {"p": [], "q": []}  # p: known, q: not
    for number in range(TRIES):
        # One beside the other, and each as often first, so that a busy machine slows down both.
        for kind in ("pq", "qp")[number % 2]:
            said = {"email": f"{kind}{number}@hilltop.example", "name": "", "role": "member"}
            began = perf_counter()
            answer = owner_client.post("/account/members/", said)
            took[kind].append(perf_counter() - began)
            assert answer.status_code == 302
            # Neither the limit of an hour nor what piles up is measured here.
            Invitation.objects.all().delete()
            session = owner_client.session
            del session["_messages"]
            session.save()
    assert Email.objects.filter(kind="invitation_known").count() == TRIES
    assert Email.objects.filter(kind="invitation").count() == TRIES
    assert abs(median(took["p"]) - median(took["q"])) <= ALLOWED
