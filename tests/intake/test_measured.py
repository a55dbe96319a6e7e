"""A part of `make intake`, which measures the readers over many more."""

import random

from tests.intake.measured import KINDS, Maker, compare_names, read_cases, read_files


def test_readers_find_what_was_put_into_one_file_of_each_kind():
    maker = Maker(random.Random(1))
    score, _ = read_files([make(maker) for make in dict.fromkeys(KINDS)])
    assert score.notes == []


def test_what_a_case_misses_is_said_and_nothing_else():
    assert read_cases(random.Random(2), 8).notes == []


def test_one_person_is_never_called_another():
    different, told_apart, mistaken = compare_names(random.Random(3), 200)
    assert (different, told_apart, mistaken) == (0, 1, [])
