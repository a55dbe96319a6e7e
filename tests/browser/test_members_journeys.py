"""People of a practice from the mail to the page that they came for, and back after a while out.

Nothing is set up behind the portal's back but who the demo brings: the office makes practices in
admin, people come in by their mails.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import mailbox, people, steps
from tests.browser.looks import look_at
from tests.browser.people import accept, add_dentist, heading, invite, invite_owner, make_practice


def send_first_case(page, patient):
    page.get_by_role("link", name="New case", exact=True).first.click()
    steps.fill_case(page, patient)
    number = steps.submit_case(page)
    expect(page.get_by_text(patient).first).to_be_visible()
    return number


def numbers(page):
    """The case numbers in the list."""
    expect(heading(page)).to_have_text("Cases")
    return set(page.locator("table.is-list td.num-text").all_inner_texts())


@pytest.fixture
def lab(visit):
    return visit("lab")


def test_an_invited_owner_sends_the_first_case_once_there_is_a_dentist(portal, worker, visit, lab):
    practice, email = "Birchwood Dental", "iris@birchwood.example"
    make_practice(lab, practice, "front@birchwood.example", with_dentist=False)
    invite_owner(lab, practice, email)
    told = mailbox.wait_for_mail(portal, "front@birchwood.example", f"the cases of {practice}")
    assert f"{email} was invited as an owner." in mailbox.text(told)

    owner = visit()
    accept(owner, portal, email, "Iris Birch")
    expect(heading(owner)).to_have_text("Cases")
    owner.get_by_role("link", name="New case", exact=True).first.click()
    expect(owner.get_by_role("heading", name="A dentist is missing")).to_be_visible()
    look_at(owner, "no-dentist")

    lab.goto("/admin/accounts/practice/?dentists=none")
    lab.get_by_role("link", name=practice).click()
    expect(lab.locator(".field-dentist_names")).to_contain_text("No active dentist")
    add_dentist(lab)
    people.save(lab)
    send_first_case(owner, "Birke Erstfall")


@pytest.mark.proof
def test_where_two_steps_are_asked_for_owner_and_member_send_their_first_case(
    portal, worker, visit, lab
):
    practice, theirs = "Elm Row Dental", ("olive@elmrow.example", "mina@elmrow.example")
    make_practice(lab, practice, "front@elmrow.example", two_steps=True)
    invite_owner(lab, practice, theirs[0])
    owner, member = visit(), visit(size="phone")
    accept(owner, portal, theirs[0], "Olive Elm")
    people.set_up_app(owner)
    owner.goto("/")
    send_first_case(owner, "Ulmia Erstfall")

    invite(owner, theirs[1])
    accept(member, portal, theirs[1], "Mina Row")
    people.set_up_app(member)
    told = mailbox.wait_for_mail(portal, theirs[0], f"the cases of {practice}")
    assert f"Mina Row ({theirs[1]}) has accepted an invitation" in mailbox.text(told)
    member.goto("/cases/")
    assert len(numbers(member)) == 1
    member.goto("/cases/new/")
    steps.fill_case(member, "Ulmus Zweitfall")
    steps.submit_case(member)


def test_an_invited_member_sends_the_first_case(portal, worker, visit):
    email = "paula@lakeside.example"
    invite(visit("dentist"), email)
    member = visit()
    people.follow_link(member, portal, email, "Your invitation")
    look_at(member, "invitation")
    people.accept_here(member, email, "Paula Lake")
    expect(heading(member)).to_have_text("Cases")
    number = send_first_case(member, "Seea Erstfall")
    member.goto("/account/")
    expect(member.get_by_label("Email")).to_be_disabled()
    expect(member.get_by_text("Owners can change this address.")).to_be_visible()
    look_at(member, "account-plain-member")
    member.goto(f"/cases/{number}/")
    expect(heading(member)).to_have_text("Seea Erstfall")


def test_who_is_deactivated_and_activated_again_comes_back_to_the_list(portal, worker, visit):
    email, owner, member = "rosa@lakeside.example", visit("dentist"), visit()
    invite(owner, email)
    accept(member, portal, email, "Rosa Gone")
    before = numbers(member)
    owner.goto("/account/members/")
    owner.get_by_role("link", name="Deactivate Rosa Gone").click()
    look_at(owner, "members-deactivate-rosa")
    owner.get_by_role("button", name="Deactivate").click()
    expect(owner.get_by_role("status")).to_contain_text("signed out everywhere")
    member.reload()
    expect(heading(member)).to_have_text("Sign in")
    steps.give_password(member, email)
    expect(member.get_by_role("link", name="New case", exact=True)).to_have_count(0)

    owner.get_by_role("link", name="Reactivate Rosa Gone").click()
    owner.get_by_role("button", name="Reactivate").click()
    expect(owner.get_by_role("status")).to_contain_text("Rosa Gone can sign in again.")
    member.goto("/cases/")
    steps.give_password(member, email)
    assert before <= numbers(member)


@pytest.mark.proof
def test_whom_the_office_moves_sees_the_cases_of_the_new_practice_only(
    portal, worker, visit, lab, complaints
):
    complaints.expect("status of 404.*/cases/")
    email, member, colleague = "mo@lakeside.example", visit(), visit("other")
    invite(visit("dentist"), email)
    accept(member, portal, email, "Mo Mover")
    before = numbers(member)
    lab.goto(f"/admin/accounts/user/?q={email}")
    lab.get_by_role("link", name="Mo Mover").click()
    people.choose(lab, "practice", "Cedar & Coast Dental")
    people.save(lab)
    told = mailbox.wait_for_mail(portal, "other@demo.example", "the cases of Cedar & Coast")
    assert f"Mo Mover ({email}) was moved to your practice" in mailbox.text(told)

    member.reload()
    expect(heading(member)).to_have_text("Sign in")
    steps.give_password(member, email)
    colleague.goto("/cases/")
    assert before
    assert numbers(member) == numbers(colleague)
    assert not before & numbers(member)
    member.goto(f"/cases/{before.pop()}/")
    expect(heading(member)).to_have_text("There is no such page")


@pytest.mark.proof
def test_one_session_is_ended_by_keyboard(portal, worker, visit):
    email, desk, phone = "tess@lakeside.example", visit(), visit(size="phone")
    invite(visit("dentist"), email)
    accept(desk, portal, email, "Tess Twice")
    phone.goto("/accounts/login/")
    steps.give_password(phone, email)
    expect(heading(phone)).to_have_text("Cases")
    desk.goto("/accounts/sessions/")
    expect(desk.get_by_text("This one")).to_be_visible()
    look_at(desk, "sessions-two")
    desk.get_by_role("button", name=re.compile(r"^Sign out\s?:")).focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("is signed out.")
    phone.reload()
    expect(heading(phone)).to_have_text("Sign in")
