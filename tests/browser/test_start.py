import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.embedded


def test_the_portal_runs_and_a_dentist_signs_in(portal, visit):
    page = visit("dentist")
    page.goto("/cases/")
    expect(page.get_by_role("heading", name="Cases")).to_be_visible()
    for part in portal.parts:
        assert portal.processes(part), part
