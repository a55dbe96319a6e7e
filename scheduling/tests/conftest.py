import pytest

from scheduling.tests import make


@pytest.fixture
def harbor(db):
    return make.practice()


@pytest.fixture
def dentist(harbor):
    return make.member(harbor)


@pytest.fixture
def lab_user(db):
    return make.staff()


@pytest.fixture
def ann(db):
    return make.planner()


@pytest.fixture
def block(ann):
    return make.block(ann)


@pytest.fixture
def case(harbor, dentist):
    return make.case(harbor)
