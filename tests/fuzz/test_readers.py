"""The targets that `make proof` grows inputs for, with the corpora alone: they still fit."""

import pytest

from tests.fuzz.targets import TARGETS, seeds


@pytest.mark.parametrize("name", TARGETS)
def test_no_reader_breaks_a_promise_over_the_corpora(name):
    for seed in seeds(name):
        TARGETS[name](seed[:5000])
