"""The targets that `make proof` grows inputs for, with the corpora alone: they still fit."""

import pytest

from tests.corpus import files, names, strings
from tests.fuzz.targets import TARGETS

TEXTS = [*strings.strings(), *strings.dates(), *strings.numbers(), *names.names()]
SEEDS = [text.encode("utf-8", "surrogatepass") for text in TEXTS]
SEEDS += [value.encode() for value in names.metadata()]


@pytest.mark.parametrize("name", TARGETS)
def test_no_reader_breaks_a_promise_over_the_corpora(name):
    for seed in SEEDS:
        TARGETS[name](seed[:5000])
    for hostile in files.files():
        TARGETS[name](b"\0\1" + hostile.body[:5000])
