"""Who may knock at which door: every address × role × method × object, see `cells.py`."""

import logging
import re

import pytest
from django.template import engines

from tests.matrix.asking import Asker
from tests.matrix.cells import Matrix, all_cells, patterns, walk
from tests.matrix.rules import must_be_logged
from tests.matrix.world import MEMBERS, NO_STEP, NOT_SIGNED_IN, STAFF, make_world

pytestmark = pytest.mark.disk
GROUPS = {"strangers": [*NOT_SIGNED_IN, *NO_STEP], "members": MEMBERS, "staff": STAFF}
ROWS = all_cells()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Neither log lines nor a search for unknown variables in tens of thousands of requests."""
    monkeypatch.setattr(engines["django"].engine, "string_if_invalid", "")
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def matrix(db):
    world = make_world()
    return Matrix(world, Asker(world.people))


def area_of(row):
    """Rows are asked in bundles, since a world is made for each."""
    app, _, page = row.name.partition(":")
    part = re.match(r"\w*", page)[0]
    if app == "admin":
        return f"admin of {part}" if part in {"cases", "accounts", "scheduling"} else "admin"
    return "uploads" if part.startswith("upload") else app.partition("_")[0]


AREAS = sorted({area_of(row) for row in ROWS})


def test_every_address_has_a_row_and_every_row_an_address():
    assert {row.pattern for row in ROWS} == patterns()


def test_what_belongs_to_cases_is_logged_or_it_is_said_why_not():
    wrong = {
        name
        for name, _, view in walk()
        if bool(must_be_logged(name)) != getattr(view, "is_logged", False)
    }
    assert wrong == set()


@pytest.mark.parametrize("roles", GROUPS)
@pytest.mark.parametrize("area", AREAS)
def test_who_may_do_what(matrix, area, roles):
    rows = [row for row in ROWS if area_of(row) == area]
    wrong = [each for row in rows for each in matrix.wrong(row, GROUPS[roles])]
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
