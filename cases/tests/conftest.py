import pytest

from cases.tests.tus_program import Program


@pytest.fixture
def program(live_server, dentist_user):
    return Program(live_server, dentist_user)


@pytest.fixture
def location(program):
    """The address of an upload of 1000 bytes that has begun."""
    return program.create(1000).headers["Location"]
