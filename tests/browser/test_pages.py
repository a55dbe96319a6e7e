"""Every page in three widths: whether it fits, and what axe-core says about it."""

import re

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from cases.progress import Progress
from tests.browser import samples, steps
from tests.browser.looks import findings, fits, look_at, take_picture

# Its name → who looks, and the address; {missing} is a case with that progress.
OURS = {
    "first-page-stranger": (None, "/"),
    "help": (None, "/help/"),
    "sign-in": (None, "/accounts/login/"),
    "password-reset": (None, "/accounts/password/reset/"),
    "not-found": ("dentist", "/cases/99-99999/"),
    "first-page": ("dentist", "/"),
    "list": ("dentist", "/cases/"),
    "list-archived": ("dentist", "/cases/?archived=1"),
    "list-nothing-found": ("dentist", "/cases/?q=nobody-is-called-this"),
    "new-case": ("dentist", "/cases/new/"),
    "created": ("dentist", "/cases/{processing}/created/"),
    "record-missing": ("dentist", "/cases/{missing}/"),
    "record-ready": ("dentist", "/cases/{ready}/"),
    "record-scheduled": ("dentist", "/cases/{scheduled}/"),
    "record-shipped": ("dentist", "/cases/{shipped}/"),
    "changes": ("dentist", "/cases/{missing}/changes/"),
    "schedule": ("dentist", "/cases/{ready}/schedule/"),
    "planned": ("dentist", "/cases/{scheduled}/schedule/"),
    "account": ("dentist", "/account/"),
    "account-member": ("frontdesk", "/account/"),
    "members": ("dentist", "/account/members/"),
    "members-deactivate": ("dentist", "/account/members/{colleague}/deactivate/"),
    "invitation-refused": (None, "/account/invitations/of-nobody/"),
    "password-change": ("dentist", "/accounts/password/change/"),
    "sign-out": ("dentist", "/accounts/logout/"),
    "list-lab": ("lab", "/cases/"),
    "record-lab": ("lab", "/cases/{missing}/"),
}
# Short, or much like another one: looked at in proofs.
SELDOM = {
    "password-reset", "list-archived", "list-nothing-found", "created", "record-ready",
    "record-lab", "planned", "changes", "account-member", "members-deactivate",
    "invitation-refused", "password-change", "sign-out",
}  # fmt: skip
ADMIN = {
    "admin": "/admin/",
    "admin-cases": "/admin/cases/case/",
    "admin-case": "/admin/cases/case/{pk}/change/",
    "admin-case-correct": "/admin/cases/case/{pk}/correct/",
    "admin-case-red": "/admin/cases/case/{missing_pk}/change/",
    "admin-case-missing": "/admin/cases/case/{pk}/progress/missing/",
    "admin-case-add-missing": "/admin/cases/case/{pk}/missing/",
    "admin-materials": "/admin/cases/material/",
    "admin-files": "/admin/cases/attachment/",
    "admin-status": "/admin/status/",
    "admin-access": "/admin/accounts/access/",
    "admin-practices": "/admin/accounts/practice/",
    "admin-users": "/admin/accounts/user/",
    "admin-invitation": "/admin/accounts/invitation/add/",
    "admin-news": "/admin/portal/news/add/",
    "admin-planners": "/admin/scheduling/planner/",
    "admin-blocks": "/admin/scheduling/block/",
    "admin-block": "/admin/scheduling/block/add/",
    "admin-sessions": "/admin/scheduling/planningsession/",
    "admin-mails": "/admin/portal/email/",
}
DARK = ["first-page", "list", "new-case", "record-missing"]


@pytest.fixture(scope="module")
def cases(portal):
    """Numbers of the practice's cases by the name of their progress, and the pk of one."""
    rows = portal.rows(
        """SELECT c.progress, c.number, c.id FROM cases_case c
        JOIN accounts_user u ON u.practice_id = c.practice_id
        WHERE u.email = 'dentist@demo.example' AND c.archived_at IS NULL"""
    )
    numbers = {Progress(progress).name.lower(): number for progress, number, _ in rows}
    ((colleague,),) = portal.rows(
        "SELECT id FROM accounts_user WHERE email = 'frontdesk@demo.example'"
    )
    pks = {progress: pk for progress, _, pk in rows}
    missing = next(pk for _, number, pk in rows if number == numbers["missing"])
    return {**numbers, "pk": pks[50], "missing_pk": missing, "colleague": colleague}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.proof(part=name not in SELDOM)) for name in OURS]
)
def test_a_page_fits_and_can_be_used_by_everybody(visit, complaints, cases, name):
    complaints.expect("status of 404.*(99-99999|of-nobody)")
    who, address = OURS[name]
    page = visit(who)
    page.goto(address.format(**cases))
    expect(page.locator("h1")).to_be_visible()
    look_at(page, name)


@pytest.mark.parametrize("name", DARK)
def test_a_page_can_be_read_in_the_dark(visit, cases, name):
    who, address = OURS[name]
    page = visit(who, color_scheme="dark")
    page.goto(address.format(**cases))
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    take_picture(page, f"{name}-dark")
    assert findings(page) == []


def test_the_labs_pages_open_and_fit(visit, cases):
    page = visit("lab")
    for name, address in ADMIN.items():
        answer = page.goto(address.format(**cases))
        assert answer.status == 200, address
        fits(page, name)


def test_the_page_before_bulk_moves_fits_and_can_be_used_by_everybody(visit):
    page = visit("lab")
    page.goto("/admin/cases/case/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").first.select_option("move_to_on_hold")
    page.get_by_role("button", name="Go", exact=True).first.click()
    expect(page.get_by_role("heading", name="Move cases to On Hold")).to_be_visible()
    expect(page.get_by_role("button", name="Move to On Hold")).to_be_visible()
    look_at(page, "admin-bulk-moves")


def test_the_form_says_what_is_wrong_and_fits(visit, complaints):
    complaints.expect("status of 422")
    page = visit("dentist", size="phone")
    page.goto("/cases/new/")
    page.get_by_role("button", name="Submit", exact=True).click()
    for sentence in (
        "Please type the patient's name.",
        "Please choose at least one tooth.",
        "Please describe the work.",
        "Please type your full name to sign",
    ):
        expect(page.get_by_role("main")).to_contain_text(sentence)
    look_at(page, "new-case-errors")


def test_what_contradicts_itself_is_asked_about_and_sent_by_one_press(visit, complaints):
    complaints.expect("status of 422")
    page = visit("dentist", size="phone")
    page.goto("/cases/new/")
    steps.fill_case(page, "Thora Zweifel", teeth=("8",), description="Implant at #19.")
    page.get_by_role("button", name="Submit", exact=True).click()
    asked = page.locator("#asked")
    expect(asked).to_be_focused()
    expect(asked).to_contain_text("#19 is named in the description and not chosen.")
    look_at(page, "new-case-asked")
    asked.get_by_role("button", name="Send anyway").click()
    page.wait_for_url("**/created/")


def test_the_implant_systems_that_are_missing_are_typed_where_they_are_asked_for(visit, cases):
    page = visit("lab")
    page.goto(f"/admin/cases/case/{cases['missing_pk']}/missing/")
    page.get_by_label("Implant system not given").check()
    page.get_by_role("button", name="Add what is missing").click()
    page = visit("dentist")
    page.goto(f"/cases/{cases['missing']}/")
    needs = page.locator(".missing-list > li").last
    before = needs.locator(".site").count()
    page.locator("#update-fields > summary").click()
    page.locator("[data-tooth='2']").click()
    expect(needs.locator(".site")).to_have_count(before + 1)
    needs.locator("[name=implant_2]").fill("Astra EV 4.2")
    look_at(page, "record-missing-implants")
    page.get_by_role("button", name="Look over and submit").first.click()
    expect(page.get_by_role("main")).to_contain_text("Astra EV 4.2")


def test_an_update_is_looked_over_before_it_is_sent(visit, cases):
    page = visit("dentist")
    page.goto(f"/cases/{cases['missing']}/")
    page.get_by_role("button", name="Look over and submit").last.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Send this update")
    look_at(page, "update")


def test_the_tooth_chart_is_worked_by_keyboard(visit):
    page = visit("dentist")
    page.goto("/cases/new/")
    page.get_by_label("Prescribing dentist").focus()
    page.keyboard.press("Tab")
    first = page.locator("[data-tooth]").first
    expect(first).to_be_focused()
    page.keyboard.press("Space")
    expect(first).to_have_attribute("aria-checked", "true")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    third = page.locator("[data-tooth]").nth(2)
    expect(third).to_be_focused()
    page.keyboard.press("Enter")
    expect(third).to_have_attribute("aria-checked", "true")
    expect(page.locator("[data-site]")).to_have_count(2)
    page.keyboard.press("Space")
    expect(third).to_have_attribute("aria-checked", "false")
    page.keyboard.press("Tab")
    expect(page.locator(f"#id_implant_{first.get_attribute('data-tooth')}")).to_be_focused()


def test_the_list_of_teeth_and_the_chart_show_the_same(visit):
    page = visit("dentist")
    page.goto("/cases/new/")
    page.get_by_text("Choose from a list instead").click()
    page.get_by_role("checkbox", name=re.compile("upper left first molar")).last.check(force=True)
    expect(page.locator("[data-tooth='14']")).to_have_attribute("aria-checked", "true")
    page.locator("[data-tooth='14']").click()
    expect(page.locator("input[name=teeth][value='14']")).not_to_be_checked()


def test_the_keyboard_reaches_the_content_past_the_menu(visit):
    page = visit("dentist")
    page.goto("/cases/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def printed(page, folder):
    """The text of the page as it comes out of the printer."""
    path = folder / "printed.pdf"
    page.pdf(path=path, format="Letter")
    pages = PdfReader(path).pages
    assert len(pages) == 1
    return " ".join(pages[0].extract_text().split())


def test_the_confirmation_prints_the_case_and_nothing_else(worker, visit, tmp_path):
    page = visit("dentist")
    page.goto("/cases/new/")
    scan = samples.surface_scan(tmp_path / "printed-arch.stl")
    steps.choose_files(page, scan)
    steps.fill_case(page, "Paula Printer", teeth=("3", "30"), description="Printed on paper.")
    steps.expect_stored(page, scan.name)
    number = steps.submit_case(page)
    expect(page.locator("#files-of-case .is-stored")).to_have_count(1)
    text = printed(page, tmp_path)
    for part in (number, "Paula Printer", "3, 30", "Printed on paper.", scan.name, "Stored"):
        assert part in text, part
    for part in ("Sign out", "New case", "Help", "What happens now", "Skip to", "Choose"):
        assert part not in text, part
