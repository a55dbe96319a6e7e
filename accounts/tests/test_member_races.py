"""Two people at the same moment, on the same practice or with the same link."""

from functools import partial

import pytest
from django.utils import timezone

from accounts import services
from accounts.limits import INVITATIONS
from accounts.models import User

ROUNDS = 10
PASSWORD = "seven-crowns-of-lou"
pytestmark = [pytest.mark.embedded, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("service", [services.deactivate, services.take_ownership])
def test_two_owners_who_turn_on_each_other_leave_one(at_once, owner, colleague, service):
    two = User.objects.filter(pk__in=[owner.pk, colleague.pk]).select_related("practice")
    for _ in range(ROUNDS):
        two.update(is_owner=True, is_active=True)
        ada, kim = two.all()
        now = timezone.now()
        outcomes = at_once(
            partial(service, kim, by=ada, now=now), partial(service, ada, by=kim, now=now)
        )
        assert sorted(outcomes) == ["NotAllowed", "done"]
        assert owner.practice.owners.count() == 1


def test_two_owners_who_both_give_up_leave_one(at_once, owner, colleague):
    two = User.objects.filter(pk__in=[owner.pk, colleague.pk]).select_related("practice")
    for _ in range(ROUNDS):
        two.update(is_owner=True)
        now = timezone.now()
        at_once(*[partial(services.take_ownership, one, by=one, now=now) for one in two.all()])
        assert owner.practice.owners.count() == 1


@pytest.fixture
def invitations(owner, now):
    return [
        services.invite(owner.practice, f"n{number}@x.example", "", False, by=owner, now=now)
        for number in range(ROUNDS)
    ]


def test_a_link_that_is_used_twice_at_once_makes_one_account(at_once, invitations, now):
    for invitation in invitations:
        outcomes = at_once(
            *[partial(services.accept, invitation, name, PASSWORD, now=now) for name in ("x", "y")]
        )
        assert sorted(outcomes) == ["NoSuchInvitation", "done"]
        assert User.objects.filter(email=invitation.email).count() == 1


def test_a_link_that_is_used_while_it_is_withdrawn_is_one_or_the_other(at_once, invitations, now):
    for invitation in invitations:
        outcomes = at_once(
            partial(services.accept, invitation, "x", PASSWORD, now=now),
            partial(services.withdraw, invitation, now=now),
        )
        assert outcomes.count("done") == 1
        invitation.refresh_from_db()
        joined = User.objects.filter(email=invitation.email).exists()
        assert joined == (invitation.withdrawn_at is None)


def test_no_more_invitations_go_out_at_once_than_an_hour_allows(at_once, owner, now):
    for number in range(INVITATIONS.most - 1):
        services.invite(owner.practice, f"n{number}@x.example", "", False, by=owner, now=now)
    invite = partial(services.invite, owner.practice)
    outcomes = at_once(
        *[partial(invite, f"{name}@x.example", "", False, by=owner, now=now) for name in ("x", "y")]
    )
    assert sorted(outcomes) == ["LimitReached", "done"]
