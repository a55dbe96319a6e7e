"""From an empty practice to a booked session: the office, an owner, the lab and a planner."""

import re

from playwright.sync_api import expect

from tests.browser import mailbox, people, steps

OLGA, PIA = "olga@guidepost.example", "pia@guidepost.example"
PRACTICE, OWNER = "Birch Lane Dental", "bea@birchlane.example"


def test_a_new_practice_books_a_session_with_a_new_planner(portal, new_staff, visit):
    office = new_staff(OLGA, "Olga Office", "Office")
    planner = new_staff(PIA, "Pia Plan", "Planner")
    people.make_practice(office, PRACTICE, "front@birchlane.example")
    people.invite_owner(office, PRACTICE, OWNER)
    owner = visit()
    people.accept(owner, portal, OWNER, "Bea Birch")
    number = the_owner_sends_a_case(owner)
    the_office_makes_a_planner(office)
    the_planner_opens_hours(planner)
    the_lab_is_ready(visit("lab"), number)
    the_owner_books(owner, number)
    the_planner_writes(portal, planner, number)


def the_owner_sends_a_case(page):
    page.get_by_role("main").get_by_role("link", name="New case", exact=True).first.click()
    steps.fill_case(page, "Gus Gum")
    return steps.submit_case(page)


def the_office_makes_a_planner(page):
    page.goto("/admin/")
    page.get_by_role("link", name="Planners", exact=True).first.click()
    page.get_by_role("link", name="Add planner").click()
    page.locator("#id_user").select_option(label="Pia Plan")
    people.save(page)


def the_planner_opens_hours(page):
    page.goto("/admin/")
    page.get_by_role("link", name="Planners", exact=True).first.click()
    page.locator("#result_list").get_by_role("link", name="Pia Plan").click()
    page.locator("#id_hours-0-weekday").select_option(label="Wednesday")
    page.locator("#id_hours-0-start").fill("09:00")
    page.locator("#id_hours-0-end").fill("12:00")
    people.save(page)
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
