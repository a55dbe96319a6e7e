"""What the browser itself refuses: nothing of our pages, and whatever somebody else put there."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import steps

RAISE = "from accounts.models import User; User.objects.filter(email='lab@demo.example').update({})"
# Where scripts run: calendars, a choice of many, parts that are added, and actions. All pages are
# read by the tests' client: see portal/tests/test_admin.py and tests/matrix/test_canaries.py.
FORMS = ["/admin/scheduling/block/add/", "/admin/auth/group/add/", "/admin/scheduling/planner/add/"]
LISTS = ["/admin/cases/case/", "/admin/auth/group/"]


@pytest.fixture
def lab_is_superuser(portal):
    """The lab's login passes every check of rights, so that every page of admin is there."""
    portal.manage("shell", "-v0", "-c", RAISE.format("is_superuser=True"))
    yield
    portal.manage("shell", "-v0", "-c", RAISE.format("is_superuser=False"))


def test_no_script_of_admin_asks_for_what_the_policy_refuses(visit, lab_is_superuser):
    page = visit("lab")
    for address in FORMS:
        page.goto(address)
        calendars = page.locator(".date-icon, .clock-icon")
        for number in range(min(calendars.count(), 2)):
            calendars.nth(number).click()
        page.locator("input[name=_save]").first.click()  # It is empty, and says so.
    for address in LISTS:
        page.goto(address)
        page.locator("input.action-select").first.check()
    page.locator("select[name=action]").first.select_option("delete_selected")
    page.locator("button[name=index]").first.click()
    expect(page.locator("#content h1, #content h2").first).to_be_visible()


def test_a_row_is_added_in_a_window_of_its_own(visit, lab_is_superuser):
    page = visit("lab")
    page.goto("/admin/accounts/dentist/add/")
    with page.expect_popup() as opened:
        page.locator("#add_id_practice").click()
    window = opened.value
    window.locator("#id_name").fill("Popup Dental")
    window.locator("#id_email").fill("popup@dental.example")
    with window.expect_event("close"):
        window.locator("input[name=_save]").click()
    expect(page.locator("#id_practice option:checked")).to_have_text("Popup Dental")


def test_what_somebody_else_puts_into_a_page_is_refused_and_told(visit, complaints):
    page = visit("dentist")
    page.goto("/cases/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.evaluate(
        """document.body.append(Object.assign(document.createElement("script"),
        { textContent: "window.attacked = true" }))"""
    )
    page.evaluate(
        """new Promise((told) => {
            addEventListener("securitypolicyviolation", ({ blockedURI }) => {
                if (blockedURI.includes("evil.example")) told();
            });
            document.body.append(Object.assign(document.createElement("script"),
                { src: "https://evil.example/x.js" }));
        })"""
    )
    assert not page.evaluate("window.attacked")
    told = {line.split()[1] for line in complaints.heard if line.startswith("violation:")}
    assert told == {"style-src-attr", "script-src-elem"}
    assert any("evil.example" in line for line in complaints.heard)
    complaints.expect("^violation: s|violates the following Content Security Policy")


def test_a_page_from_memory_asks_the_portal_again(visit):
    page = visit("dentist")
    page.goto("/cases/new/")
    asked = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.goto("/help/#uploads")
    page.go_back()
    assert "/cases/new/" in asked
    page.goto("/help/#main")
    asked.clear()
    with page.expect_navigation():
        page.evaluate(
            "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })), null"
        )
    assert "/help/" in asked


def test_at_sign_out_the_browser_forgets_what_it_kept(browser, portal, complaints):
    context = browser.new_context(base_url=portal.url)
    complaints.watch(context)
    page = context.new_page()
    page.goto("/accounts/login/")
    steps.sign_in(page, "frontdesk@demo.example")
    page.evaluate("localStorage.setItem('tus::upload|Jane Roe.stl', 'x'), sessionStorage.x = 1")
    before = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).to_contain_text("You have signed out.")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    after = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
    assert after.get("sessionid") != before["sessionid"]
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()
    context.close()
