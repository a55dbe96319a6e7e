"""The list of cases as dentists sort, search and keep it."""

from datetime import datetime

import pytest
from playwright.sync_api import expect

from cases.progress import Progress
from portal.writing.text import folded
from tests.browser import steps

ORDER = {progress.label: progress.value for progress in Progress}


def case_id(text):
    return int(text.split("-")[1])


def ship_date(text):
    return None if text.startswith("No date") else datetime.strptime(text, "%b %d, %Y").date()


# Header → the cell's column, where its sort key stands in it, and how to read that.
COLUMNS = {
    "Case ID": (1, "", case_id),
    "Patient": (2, "a", folded),
    "Progress": (3, ".badge-progress", ORDER.get),
    "Last Modified": (4, "time", None),
    "Ship Date": (5, "", ship_date),
}


def keys(page, header):
    column, place, read = COLUMNS[header]
    cells = page.locator(f"table.is-list tbody td:nth-child({column}) {place}".strip())
    if read is None:
        return cells.evaluate_all("cells => cells.map(cell => cell.getAttribute('datetime'))")
    return [read(text.strip()) for text in cells.all_inner_texts()]


def is_sorted(found, descending=False):
    """Whether keys are in order, with those that are missing at the end both ways."""
    there = [key for key in found if key is not None]
    return found[: len(there)] == there and there == sorted(there, reverse=descending)


@pytest.fixture
def page(visit):
    page = visit("dentist")
    page.goto("/cases/")
    return page


def header(page, name):
    return page.get_by_role("columnheader", name=name)


def sort_by(page, name, direction):
    header(page, name).get_by_role("link").click()
    expect(header(page, name)).to_have_attribute("aria-sort", direction)


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "Progress"])
def test_a_header_sorts_upwards_and_then_downwards(page, name):
    sort_by(page, name, "ascending")
    upwards = keys(page, name)
    assert len(set(upwards)) > 5
    assert is_sorted(upwards)
    sort_by(page, name, "descending")
    downwards = keys(page, name)
    assert downwards != upwards
    assert is_sorted(downwards, descending=True)


def test_the_list_begins_with_what_the_dentist_must_act_on(page):
    expect(header(page, "Progress")).to_have_attribute("aria-sort", "ascending")
    found = keys(page, "Progress")
    assert found[0] == Progress.MISSING
    assert len(set(found)) > 5
    assert is_sorted(found)
    sort_by(page, "Progress", "descending")
    assert is_sorted(keys(page, "Progress"), descending=True)


def test_search_order_and_archive_live_in_the_address(page):
    sort_by(page, "Ship Date", "ascending")
    page.get_by_role("searchbox").fill("a")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=a**")
    shown = keys(page, "Case ID")
    assert is_sorted(keys(page, "Ship Date"))
    page.get_by_role("link", name="Show only archived").click()
    expect(page.get_by_role("heading", name="Archived cases")).to_be_visible()
    assert set(keys(page, "Case ID")).isdisjoint(shown)
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("a")
    page.reload()
    assert keys(page, "Case ID") == shown


def test_a_case_is_found_by_number_patient_and_tooth(page):
    first = page.locator("table.is-list tbody tr").first
    number = first.locator("td").first.inner_text()
    patient = first.locator("td:nth-child(2) a").inner_text()
    tooth = first.locator(".cell-teeth").inner_text().split()[1].strip(",")
    for words in (number, patient, tooth):
        page.get_by_role("searchbox").fill(words)
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("searchbox")).to_have_value(words)
        expect(steps.row(page, number), words).to_have_count(1)
    page.get_by_role("searchbox").fill("nobody-is-called-this")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("No case matches “nobody-is-called-this”")).to_be_visible()


def test_schedule_stands_beside_exactly_what_can_be_scheduled(page):
    for line in page.locator("table.is-list tbody tr").all():
        progress = ORDER[line.locator(".badge-progress").inner_text().strip()]
        button = line.get_by_role("link", name="Schedule")
        assert button.count() == (progress in (Progress.READY, Progress.NO_SHOW))


def test_the_list_on_a_phone_shows_all_it_shows_elsewhere(visit):
    page = visit("dentist", size="phone")
    page.goto("/cases/")
    case = page.locator("table.is-list tbody tr").first
    for part in (".num-text", "td a", ".badge-progress", "time"):
        expect(case.locator(part).first).to_be_visible()
    expect(case.get_by_role("button", name="Archive")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="New case").first).to_be_visible()
