"""From an empty practice to a booked session: the office, an owner, the lab and a planner."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import mailbox, people, steps

OLGA, PIA = "olga@guidepost.example", "pia@guidepost.example"
PRACTICE, OWNER = "Birch Lane Dental", "bea@birchlane.example"


@pytest.fixture
def new_staff(portal, root, visit):
    """A function that gives the page of somebody new of a group, on the first page of admin."""

    def come(email, name, group):
        people.make_staff(root, email, name, group)
        page = visit()
        people.begin(page, portal, email)
        people.set_up_app(page)
        people.on_to_admin(page)
        return page

    return come


def test_a_new_practice_books_a_session_with_a_new_planner(portal, new_staff, visit):
    office = new_staff(OLGA, "Olga Office", "Office")
    planner = new_staff(PIA, "Pia Plan", "Planner")
    the_office_makes_a_practice(office)
    the_office_invites_its_owner(office)
    owner = the_owner_comes_in(portal, visit())
    number = the_owner_sends_a_case(owner)
    the_office_makes_a_planner(office)
    the_planner_opens_hours(planner)
    the_lab_is_ready(visit("lab"), number)
    the_owner_books(owner, number)
    the_planner_writes(portal, planner, number)


def the_office_makes_a_practice(page):
    page.get_by_role("link", name="Practices", exact=True).first.click()
    page.get_by_role("link", name="Add practice").click()
    page.locator("#id_name").fill(PRACTICE)
    page.locator("#id_email").fill("front@birchlane.example")
    page.get_by_role("link", name="Add another Dentist").or_(
        page.get_by_role("button", name="Add another Dentist")
    ).click()
    page.locator("#id_dentists-0-name").fill("Dr. Bea Birch")
    page.locator("#id_dentists-0-license_number").fill("D-2042")
    page.locator("#id_dentists-0-license_state").fill("Maine")
    save(page)


def the_office_invites_its_owner(page):
    page.goto("/admin/")
    page.get_by_role("link", name="Invitations", exact=True).first.click()
    page.get_by_role("link", name="Add invitation").click()
    page.locator(".field-practice .select2-selection").click()
    page.locator(".select2-search__field").fill("Birch")
    page.locator(".select2-results__option", has_text=PRACTICE).click()
    page.locator("#id_email").fill(OWNER)
    page.locator("#id_name").fill("Bea Birch")
    page.locator("#id_is_owner").check()
    save(page)


def the_owner_comes_in(portal, page):
    people.follow_link(page, portal, OWNER, "Your invitation")
    people.choose_password(page, "Open my account")
    steps.give_password(page, OWNER)
    expect(people.heading(page)).to_have_text("Cases")
    return page


def the_owner_sends_a_case(page):
    page.get_by_role("main").get_by_role("link", name="New case").first.click()
    steps.fill_case(page, "Gus Gum")
    return steps.submit_case(page)


def the_office_makes_a_planner(page):
    page.goto("/admin/")
    page.get_by_role("link", name="Planners", exact=True).first.click()
    page.get_by_role("link", name="Add planner").click()
    page.locator("#id_user").select_option(label="Pia Plan")
    save(page)


def the_planner_opens_hours(page):
    page.goto("/admin/")
    page.get_by_role("link", name="Planners", exact=True).first.click()
    page.locator("#result_list").get_by_role("link", name="Pia Plan").click()
    page.locator("#id_hours-0-weekday").select_option(label="Wednesday")
    page.locator("#id_hours-0-start").fill("09:00")
    page.locator("#id_hours-0-end").fill("12:00")
    save(page)
    people.act(page, "open_blocks")
    expect(page.locator(".messagelist")).to_contain_text(re.compile(r"New blocks: [1-9]"))


def the_lab_is_ready(page, number):
    page.goto(f"/admin/cases/case/?q={number}")
    page.locator("#result_list").get_by_role("link", name=number).click()
    page.get_by_role("link", name="Ready to Plan", exact=True).click()
    page.get_by_role("button", name="Move to Ready to Plan").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def the_owner_books(page, number):
    page.goto("/cases/")
    steps.row(page, number).get_by_role("link", name="Schedule").click()
    page.get_by_text("Later dates").click()
    page.locator(".slot", has_text="Pia Plan").first.click()
    page.get_by_role("button", name="Go", exact=True).click()
    expect(page.get_by_role("heading", name="The planning session is booked")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Pia Plan")


def the_planner_writes(portal, page, number):
    page.goto("/admin/")
    page.get_by_role("link", name="Cases", exact=True).last.click()
    page.locator("#result_list").get_by_role("link", name=number).click()
    page.locator("[name=body]").fill("See you on Wednesday.")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator("#messages")).to_contain_text("See you on Wednesday.")
    mailbox.wait_for_mail(portal, "front@birchlane.example", f"New message on case {number}")


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_contain_text("successfully")
