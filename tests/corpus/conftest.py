import logging

import pytest

from tests.corpus.limits import little_memory
from tests.corpus.world import build


@pytest.fixture
def world(practice, dentist_user, lab_user, make_case):
    """A row of each kind, and who signs in to look at it: see tests.corpus.world."""
    dentist_user.is_owner = True
    dentist_user.save()
    return build(practice, dentist_user, lab_user, make_case)


@pytest.fixture
def any_number_of_guesses(settings):
    """After ten, no further text would be looked at; nor after a full hour of messages."""
    settings.ACCOUNT_RATE_LIMITS = False
    settings.LIMITS = dict.fromkeys(settings.LIMITS, 10**9)


@pytest.fixture(autouse=True)
def quiet():
    """Tens of thousands of lines that say "Answered" help nobody."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def modest():
    """Nothing of the corpora takes much memory, in receiving, pages, forms or work of workers."""
    with little_memory():
        yield
