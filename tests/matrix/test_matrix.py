"""Who may knock at which door: every address × role × method × object, see `cells.py`."""

import os

import pytest

from tests.matrix.asking import Asker
from tests.matrix.cells import Matrix, all_cells, asks_a_part
from tests.matrix.rules import METHODS, must_be_logged
from tests.matrix.world import ROLES, make_world
from tests.urls import BY_ROW

ROWS = all_cells()
WHOLE = "PROOF" in os.environ
pytestmark = pytest.mark.usefixtures("quick", "on_disk")


@pytest.fixture
def matrix(db):
    world = make_world()
    return Matrix(world, Asker(world.people))


def test_every_address_has_a_row_and_every_row_an_address():
    assert {row.pattern for row in ROWS} == set(BY_ROW)


def test_what_belongs_to_cases_is_logged_or_it_is_said_why_not():
    wrong = {
        name
        for name, pattern in BY_ROW.items()
        if bool(must_be_logged(name)) != getattr(pattern.view, "is_logged", False)
    }
    assert wrong == set()


@pytest.mark.proof(part=True)
@pytest.mark.parametrize("role", ROLES)
def test_who_may_do_what(matrix, role):
    """Methods that a row does not name, and HEAD, are asked by who is not signed in."""
    rows, is_whole = ROWS if WHOLE else asks_a_part(role, ROWS), WHOLE or role == "anonymous"
    wrong = [
        each
        for row in rows
        for each in matrix.wrong(row, [role], METHODS if is_whole else row.asked_with)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_a_form_of_another_site_is_refused(db):
    """Whatever is posted without the token of a page of ours, by whomever."""
    world = make_world()
    matrix = Matrix(world, Asker(world.people, check_csrf=True))
    taken = []
    for row in ROWS:
        for role in ("anonymous", "owner", "superuser"):
            answer, *_ = matrix.ask(row, role, "POST", row.things[0])
            if answer.status != 403 or answer.writes:
                taken.append(f"{row.name}: {role}: {answer.outcome}")
    assert not taken, "\n".join(taken)
