import pytest

from cases.progress import (
    MEANINGS,
    NEEDS_DENTIST,
    READ_ONLY,
    RED,
    SCHEDULABLE,
    Colour,
    Progress,
    Who,
    may_move,
    moves,
)


def test_every_progress_has_a_colour_and_a_meaning():
    assert set(MEANINGS) == set(Progress)
    assert all(progress.meaning and progress.asks and progress.icon for progress in Progress)


def test_the_order_of_the_table_is_the_order_in_which_the_dentist_must_act():
    assert list(Progress) == sorted(Progress)
    assert list(Progress)[:3] == [Progress.MISSING, Progress.NO_SHOW, Progress.READY]


@pytest.mark.parametrize(
    ("colour", "members"),
    [
        (Colour.RED, [Progress.MISSING, Progress.NO_SHOW]),
        (Colour.YELLOW, [Progress.READY, Progress.PROCESSING]),
        (Colour.GREEN, [Progress.RECEIVED, Progress.SCHEDULED]),
        (
            Colour.WHITE,
            [
                Progress.MANUFACTURING,
                Progress.FINISHED,
                Progress.SHIPPED,
                Progress.ON_HOLD,
                Progress.CANCELLED,
            ],
        ),
    ],
)
def test_colours_are_those_of_the_manual(colour, members):
    assert [progress for progress in Progress if progress.colour == colour] == members


def test_a_dentists_update_makes_red_cases_processing_and_moves_no_other():
    assert moves(Who.DENTIST) == {red: {Progress.PROCESSING} for red in RED}


def test_booking_schedules_what_can_be_scheduled_only():
    assert moves(Who.BOOKING) == {now: {Progress.SCHEDULED} for now in SCHEDULABLE}


def test_nobody_but_booking_schedules():
    assert not any(Progress.SCHEDULED in to for to in moves(Who.LAB).values())


def test_no_case_is_moved_to_where_it_is():
    for who in Who:
        assert not any(now in to for now, to in moves(who).items())


def test_what_has_shipped_is_neither_held_nor_cancelled():
    assert not may_move(Who.LAB, Progress.SHIPPED, Progress.ON_HOLD)
    assert not may_move(Who.LAB, Progress.SHIPPED, Progress.CANCELLED)


def test_every_case_can_reach_shipped_by_the_lab():
    lab = moves(Who.LAB)
    for start in Progress:
        reached, waiting = set(), [start]
        while waiting:
            now = waiting.pop()
            reached.add(now)
            waiting += lab[now] - reached
        assert Progress.SHIPPED in reached


def test_what_needs_the_dentist_can_still_be_changed_by_them():
    assert not set(NEEDS_DENTIST) & set(READ_ONLY)
