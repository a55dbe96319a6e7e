"""Takes away each guard of the source in turn and sees that a cell of the matrix goes wrong.

A guard that others stand behind, or that other tests ask for, is named in `explained.py`. It is
run with `PYTEST_PLUGINS=tests.matrix.guards python -m pytest tests/matrix/control.py`.
"""

import functools
import inspect
import os
import random
import subprocess
import sys
from hashlib import sha256
from operator import itemgetter

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection

from tests.matrix import explained, guards
from tests.matrix.asking import Asker
from tests.matrix.cells import all_cells, things_of
from tests.matrix.world import ROLES
from tests.urls import BY_ROW

guards.import_all()
pytestmark = pytest.mark.proof(part=True)
# A commit takes one in so many guards away, `make proof` each.
PARTS = 12
# A guard without which so many cells that ask it are as they should be is missed by none.
MOST_CELLS = 1000
# In admin, where all others are answered alike.
ROLES_IN_ADMIN = ["anonymous", "member", "lab", "planner", "office", "emergency", "superuser"]
ROWS = all_cells()
COMMIT = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True).stdout
# Which guards a cell asks, of those that were asked.
ASKS = {}


def some(things):
    """All in `make proof`, otherwise a few, by the name of the commit."""
    if "PROOF" in os.environ:
        return things
    chance = {str(each): sha256(COMMIT + str(each).encode()).digest()[0] for each in things}
    return [each for each in things if chance[str(each)] % PARTS == 0]


@pytest.fixture
def matrix(matrix, monkeypatch):
    # An answer that is closed because it may not be given would end this connection too.
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    yield matrix
    guards.taken.clear()


def first_wrong(matrix, cells):
    return next((str(wrong) for cell in cells for wrong in matrix.cell(*cell)[1]), None)


@functools.cache
def cells_of(row):
    """All cells of a row, in an order of chance that is always the same."""
    cells = [
        (row, role, method, thing)
        for role in (ROLES_IN_ADMIN if row.pattern.startswith("admin/") else ROLES)
        for method in row.asked_with
        for thing in things_of(row, role, method)
    ]
    random.Random(row.name).shuffle(cells)
    return cells


@functools.cache
def source_of(module):
    return inspect.getsource(sys.modules[module])


def near(guard):
    """All cells; the nearer the view of a row is to the guard, the more of its cells come first.

    A view is also near to a guard in a function that is called where the view stands.
    """
    called = ".".join(guard.place.split(".")[-2:]) + "("
    cells = []
    for row in ROWS:
        view = BY_ROW[row.pattern].view
        where = type(view.model_admin) if hasattr(view, "model_admin") else view
        parts = f"{where.__module__}.{where.__name__}.".split(".")
        near = sum(guard.place.startswith(".".join(parts[:n])) for n in range(1, len(parts)))
        near += 2 * (called in source_of(where.__module__))
        cells += [(number / 4**near, cell) for number, cell in enumerate(cells_of(row))]
    return [cell for _, cell in sorted(cells, key=itemgetter(0))]


def first_wrong_without(guard, matrix):
    guards.taken.add(guard.number)
    tried = 0
    for cell in near(guard):
        if guard.number not in ASKS.get(cell, {guard.number}):
            continue
        guards.reached.clear()
        wrong = first_wrong(matrix, [cell])
        if guard.number not in guards.reached:
            ASKS[cell] = {*guards.reached}
            assert not wrong, f"With all guards in place: {wrong}"
            continue
        tried += 1
        if wrong or tried == MOST_CELLS:
            return wrong
    return None


@pytest.mark.parametrize(
    "guard", some([each for each in guards.found if not explained.is_explained(each)]), ids=str
)
def test_a_cell_goes_wrong_without(guard, matrix):
    assert first_wrong_without(guard, matrix)


@pytest.mark.parametrize(
    "name",
    some(
        [
            name
            for name, pattern in BY_ROW.items()
            if getattr(pattern.view, "login_required", True) and not explained.ASK_AGAIN.match(name)
        ]
    ),
)
def test_a_cell_goes_wrong_where_nobody_has_to_sign_in(matrix, monkeypatch, name):
    monkeypatch.setattr(BY_ROW[name].view, "login_required", False, raising=False)
    cells = [cell for row in ROWS if row.pattern == name for cell in cells_of(row)]
    assert first_wrong(matrix, (cell for cell in cells if cell[1] == "anonymous"))


@pytest.mark.parametrize(
    "name",
    some(
        [
            name
            for name in settings.MIDDLEWARE
            if name.startswith((*guards.OURS, "django.contrib.auth.middleware.LoginRequired"))
            and not explained.HARMLESS.match(name)
        ]
    ),
)
def test_a_cell_goes_wrong_without_the_middleware(matrix, monkeypatch, settings, name):
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if each != name]
    monkeypatch.setattr(matrix.asker, "handler", Asker({}).handler)
    assert first_wrong(matrix, (cell for row in ROWS for cell in cells_of(row)))


def test_a_cell_goes_wrong_when_admin_is_for_all(matrix, monkeypatch):
    monkeypatch.setattr(admin.AdminSite, "has_permission", lambda site, request: True)
    cells = [cell for row in ROWS for cell in cells_of(row) if row.pattern.startswith("admin/")]
    assert first_wrong(matrix, (cell for cell in cells if cell[1] == "member"))


def test_all_that_is_explained_is_there():
    assert len(guards.found) > 300
    assert explained.stale(guards.found) == []
