"""The list in a browser; how it sorts and finds is asked in cases/tests/test_listing.py."""

from playwright.sync_api import expect


def numbers(page):
    return page.locator("table.is-list td.num-text").all_inner_texts()


def test_search_order_and_archive_live_in_the_address(visit):
    page = visit("dentist")
    page.goto("/cases/")
    before = numbers(page)
    header = page.get_by_role("columnheader", name="Ship Date")
    header.get_by_role("link").click()
    expect(header).to_have_attribute("aria-sort", "ascending")
    assert numbers(page) != before
    page.get_by_role("searchbox").fill("a")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**q=a**")
    expect(header).to_have_attribute("aria-sort", "ascending")
    shown = numbers(page)
    page.get_by_role("link", name="Show only archived").click()
    expect(page.get_by_role("heading", name="Archived cases")).to_be_visible()
    assert set(numbers(page)).isdisjoint(shown)
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("a")
    page.reload()
    assert numbers(page) == shown


def test_the_list_on_a_phone_shows_all_it_shows_elsewhere(visit):
    page = visit("dentist", size="phone")
    page.goto("/cases/")
    case = page.locator("table.is-list tbody tr").first
    for part in (".num-text", "td a", ".badge-progress", "time"):
        expect(case.locator(part).first).to_be_visible()
    expect(case.get_by_role("button", name="Archive")).to_be_visible()
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_role("link", name="New case", exact=True).first).to_be_visible()
