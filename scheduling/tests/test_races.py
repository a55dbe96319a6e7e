"""Two of the lab at the same moment, on a database that locks rows: one of them wins."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection

from cases.models import Case
from cases.progress import Progress
from portal.models import Email
from scheduling import services
from scheduling.models import Block, PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS
from scheduling.tests.test_sessions import lab_moves

ROUNDS = 15

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite has one writer at a time, so no two locks can wait for each other.",
    ),
]


@pytest.fixture
def book_anew(harbor, dentist, ann):
    """A function that gives a booked session of a new case, and a free block beside it."""
    hours = iter(range(10_000))

    def book():
        first, second = (make.block(ann, STARTS + timedelta(hours=next(hours))) for _ in "12")
        return services.book(first, make.case(harbor), by=dentist, now=NOW), second

    return book


def fresh(session):
    return PlanningSession.objects.with_people().get(pk=session.pk)


def test_of_cancelling_and_moving_at_the_same_moment_one_wins(at_once, book_anew, lab_user):
    winners = Counter()
    for _ in range(ROUNDS):
        session, free = book_anew()
        mine, yours = fresh(session), fresh(session)
        outcomes = at_once(
            partial(services.cancel, mine, by=lab_user, now=NOW),
            partial(services.move_session, yours, free, by=lab_user, now=NOW),
        )
        assert outcomes.count("done") == 1, outcomes
        after, case = fresh(session), Case.objects.get(pk=session.case_id)
        assert after.sequence == 1
        if outcomes[0] == "done":
            assert (after.state, case.progress) == ("cancelled", Progress.READY)
            assert after.block_id == session.block_id
        else:
            assert (after.state, case.progress) == ("booked", Progress.SCHEDULED)
            assert after.block == free
        winners[outcomes.index("done")] += 1
    told = Email.objects.filter(kind__in=["planning_cancelled", "planning_moved"])
    assert told.count() == 2 * ROUNDS
    assert winners.total() == ROUNDS


def test_a_case_and_its_session_moved_at_the_same_moment_never_block_each_other(
    at_once, book_anew, lab_user
):
    for _ in range(ROUNDS):
        session, free = book_anew()
        case, seen = Case.objects.get(pk=session.case_id), fresh(session)
        outcomes = at_once(
            partial(lab_moves, case, Progress.ON_HOLD, lab_user, NOW),
            partial(services.move_session, seen, free, by=lab_user, now=NOW),
        )
        # The case may go on hold after its session was moved, never the other way round.
        assert outcomes[0] == "done"
        after = fresh(session)
        assert after.state == "cancelled"
        assert after.sequence == outcomes.count("done")
        assert (after.block == free) == (outcomes[1] == "done")


def test_of_two_who_book_the_same_block_at_the_same_moment_one_wins(at_once, harbor, dentist, ann):
    for round_ in range(ROUNDS):
        block = make.block(ann, STARTS + timedelta(hours=round_))
        rivals = [make.case(harbor), make.case(harbor)]
        outcomes = at_once(
            *(partial(services.book, block, rival, by=dentist, now=NOW) for rival in rivals)
        )
        assert sorted(outcomes) == ["BlockTaken", "done"]


def test_of_two_who_book_for_one_dentist_at_the_same_moment_one_is_asked(
    at_once, harbor, dentist, ann
):
    ben = make.planner("Ben Ray", "ben@lab.example")
    for round_ in range(ROUNDS):
        at = STARTS + timedelta(hours=round_)
        pairs = [(make.block(planner, at), make.case(harbor)) for planner in (ann, ben)]
        outcomes = at_once(
            *(partial(services.book, block, case, by=dentist, now=NOW) for block, case in pairs)
        )
        assert sorted(outcomes) == ["DoubtfulTime", "done"]


def test_a_block_that_is_booked_and_edited_at_the_same_moment_is_one_or_the_other(
    at_once, harbor, dentist, ann
):
    for round_ in range(ROUNDS):
        block = make.block(ann, STARTS + timedelta(hours=2 * round_))
        edited = Block.objects.get(pk=block.pk)
        edited.starts_at += timedelta(minutes=30)
        outcomes = at_once(
            partial(services.book, block, make.case(harbor), by=dentist, now=NOW),
            partial(services.change_block, edited, is_another_time=True),
        )
        assert sorted(outcomes) in (["BlockTaken", "done"], ["NotAllowed", "done"])
        session = PlanningSession.objects.filter(block=block.pk).first()
        assert (session is None) == (outcomes[1] == "done")
        assert Block.objects.filter(pk=block.pk).exists() == (outcomes[0] == "done")
