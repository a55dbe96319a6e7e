"""Each way in for people of the lab, and each way back, to the page that they came for."""

import pytest
from playwright.sync_api import expect

from tests.browser import mailbox, people, steps
from tests.browser.looks import look_at

FORGOTTEN = "six-bridges-and-a-veneer"


def test_new_staff_come_into_admin_with_an_app(portal, root, visit):
    people.make_staff(root, "zoe@guidepost.example", "Zoe Lab", "Lab")
    page = visit()
    people.follow_link(page, portal, "zoe@guidepost.example", "You have been given access")
    look_at(page, "staff-invited")
    people.begin_here(page, "zoe@guidepost.example")
    people.set_up_app(page)
    people.on_to_admin(page)
    expect(page.get_by_role("link", name="Cases", exact=True).first).to_be_visible()


@pytest.mark.proof
def test_new_staff_come_into_admin_with_a_passkey(portal, root, visit):
    people.make_staff(root, "kay@guidepost.example", "Kay Office", "Office")
    page = visit()
    steps.fingerprint_reader(page)
    people.begin(page, portal, "kay@guidepost.example")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Office laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(people.heading(page)).to_have_text("Recovery codes")
    people.on_to_admin(page)

    people.sign_out(page)
    page.goto("/admin/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Recent actions")).to_be_visible()


@pytest.mark.proof
def test_who_did_not_come_in_time_is_sent_the_link_again(portal, root, visit):
    email = "late@guidepost.example"
    people.make_staff(root, email, "Lane Late", "Lab")
    mailbox.wait_for_mail(portal, email, "You have been given access")
    root.goto("/admin/accounts/user/?q=late")
    people.act(root, "send_again")
    expect(root.locator(".messagelist")).to_contain_text("one sent before works no more")
    page = visit()
    page.goto("/")
    people.follow_link(page, portal, email, "You have been given access", 2)
    people.choose_password(page, "Save the password")
    expect(people.heading(page)).to_have_text("Sign in")


def test_a_password_is_forgotten_before_and_after_the_second_step(portal, root, visit):
    email = "moss@guidepost.example"
    people.make_staff(root, email, "Kim Moss", "Lab")
    page = visit()
    people.begin(page, portal, email)
    people.sign_out(page)
    people.forget_password(page, portal, email, FORGOTTEN)
    steps.give_password(page, email, FORGOTTEN)
    app = people.set_up_app(page)
    people.on_to_admin(page)

    people.sign_out(page)
    people.forget_password(page, portal, email, "another-guide-for-it", 2)
    steps.give_password(page, email, "another-guide-for-it")
    people.give_code(page, app)
    page.get_by_role("link", name="Lab admin").click()
    expect(page.get_by_role("heading", name="Recent actions")).to_be_visible()


@pytest.mark.proof
def test_who_lost_the_phone_sets_up_another_second_step(portal, new_staff):
    email = "phil@guidepost.example"
    page = new_staff(email, "Phil Phone", "Lab")

    portal.manage("forget_second_step", email)
    told = mailbox.wait_for_mail(portal, email, "how you sign in", 2)
    assert "Your second step was removed" in mailbox.text(told)
    page.reload()
    steps.give_password(page, email)
    app = people.set_up_app(page)
    people.on_to_admin(page)
    people.sign_out(page)
    page.goto("/admin/")
    steps.give_password(page, email)
    people.give_code(page, app)
    expect(page.get_by_role("heading", name="Recent actions")).to_be_visible()
