"""Who may knock at which door: every address × role × method × object, see `cells.py`."""

import os

import pytest

from tests.matrix.asking import Asker
from tests.matrix.cells import all_cells, shortened
from tests.matrix.rules import METHODS, must_be_logged
from tests.matrix.world import ROLES
from tests.urls import BY_ROW

ROWS = all_cells()
# Who asks which rows.
ASKS = dict.fromkeys(ROLES, ROWS) if "PROOF" in os.environ else shortened(ROWS)


def test_every_address_has_a_row_and_every_row_an_address():
    known, there = {row.pattern for row in ROWS}, set(BY_ROW)
    table = "of tests/matrix/rows.py (admin: admin_rows.py)"
    assert not there - known, f"Add a row {table} for each of {sorted(there - known)}."
    assert not known - there, f"Take the rows {table} out that have no address: {known - there}."


def test_what_belongs_to_cases_is_logged_or_it_is_said_why_not():
    logged = {name for name, row in BY_ROW.items() if getattr(row.view, "is_logged", False)}
    due = {name for name in BY_ROW if must_be_logged(name)}
    reasons = "NOT_LOGGED in tests/matrix/rules.py"
    assert not due - logged, f"Put @logged on the views of {due - logged}, or a row into {reasons}."
    assert not logged - due, f"Take the rows of {logged - due} out of {reasons}."


@pytest.mark.proof(part=True)
@pytest.mark.parametrize("role", ASKS)
def test_who_may_do_what(matrix, role):
    """Methods that a row does not name, and HEAD, are asked by who is not signed in."""
    is_whole = role == "anonymous" or "PROOF" in os.environ
    wrong = [
        each
        for row in ASKS[role]
        for each in matrix.wrong(row, [role], METHODS if is_whole else row.asked_with)
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_a_form_of_another_site_is_refused(matrix):
    """Whatever is posted without the token of a page of ours, by who would be let in."""
    matrix.asker = Asker(matrix.world.people, check_csrf=True)
    taken = []
    for row in ROWS:
        role = "superuser" if row.pattern.startswith("admin/") else "owner"
        answer, *_ = matrix.ask(row, role, "POST", row.things[0])
        if answer.status != 403 or answer.writes:
            taken.append(f"{row.name}: {role}: {answer.outcome}")
    assert not taken, "\n".join(taken)
