"""The corpora are as large as they say, and the same each time."""

import pytest

from tests.corpus import files, headers, names, queries, strings


@pytest.mark.parametrize(
    ("made", "count"),
    [
        (lambda: [*enumerate(names.names()), *names.metadata()], 300),
        (files.files, 120),
        (strings.strings, 500),
        (queries.queries, 300),
        (headers.headers, 60),
    ],
)
def test_each_corpus_has_its_number_without_repetition_and_is_the_same_again(made, count):
    found = made()
    assert len(found) == len(set(found)) == count
    assert found == made()


def test_another_seed_makes_others():
    assert strings.strings(seed=99) != strings.strings()
