"""People of a practice from the mail to the page that they came for, and back after a while out.

Nothing is set up behind the portal's back but who the demo brings: the office makes practices in
admin, people come in by their mails.
"""

import re
import time

import pytest
from playwright.sync_api import expect

from accounts.sign_in.allauth_internals import app_code
from tests.browser import mailbox, steps
from tests.browser.test_pages import PICTURES, findings, overflow

PASSWORD = "seven-crowns-and-a-guide"
DENTIST = {"name": "Dr. Ines Vale", "license_number": "77", "license_state": "ME"}
WIDTHS = (390, 768, 1280)


def look_at(page, name):
    """Take a picture in three widths; the page fits and can be used by everybody."""
    before = page.viewport_size
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate("document.fonts.ready")
        page.screenshot(path=PICTURES / str(width) / f"{name}.png", full_page=True)
        assert overflow(page) <= 0, f"{name} scrolls sideways at {width}"
    page.set_viewport_size(before)
    assert findings(page) == []


def heading(page):
    return page.get_by_role("heading", level=1)


# What the office does in admin


def choose(lab, label, name):
    """Choose a row in a field of admin that finds it by its name."""
    lab.locator(f".field-{label} .select2-selection").click()
    lab.locator(".select2-search__field").fill(name)
    lab.get_by_role("option", name=name, exact=True).click()


def save(lab):
    lab.get_by_role("button", name="Save", exact=True).click()
    expect(lab.locator(".messagelist .success")).to_be_visible()


def add_dentist(lab):
    lab.locator("#dentists-group .add-row a").click()
    for field, value in DENTIST.items():
        lab.locator(f"#id_dentists-0-{field}").fill(value)


def make_practice(lab, name, email, with_dentist=True, two_steps=False):
    lab.goto("/admin/accounts/practice/")
    lab.get_by_role("link", name="Add Practice").click()
    lab.get_by_label("Name:").first.fill(name)
    lab.get_by_label("Confirmation email").fill(email)
    if two_steps:
        lab.get_by_label("Two-step sign-in required").check()
    if with_dentist:
        add_dentist(lab)
    save(lab)


def invite_owner(lab, practice, email):
    lab.goto("/admin/accounts/invitation/add/")
    choose(lab, "practice", practice)
    lab.get_by_label("Email").fill(email)
    lab.get_by_label("As an owner").check()
    save(lab)


# What people of a practice do


def invite(owner, email):
    owner.goto("/account/members/")
    owner.get_by_label("Email").fill(email)
    owner.get_by_role("button", name="Send the invitation").click()
    expect(owner.get_by_role("status")).to_contain_text(f"An invitation to {email} is on its way.")


def sign_in(page, email):
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def accept(page, portal, email, name):
    """From the mail to an account, and signed in with its password."""
    mail = mailbox.text(mailbox.wait_for_mail(portal, email, "Your invitation"))
    page.goto(re.search(r"/account/invitations/[\w-]+/", mail)[0])
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password*", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Open my account").click()
    expect(page.get_by_role("status")).to_contain_text(f"Please sign in as {email}.")
    sign_in(page, email)


def set_up_app(page):
    """The second step, with the code that an app shows for the secret on the page."""
    expect(page.get_by_text("Set up a second step to go on")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    secret = page.locator("code.secret").inner_text()
    code = app_code(secret, int(time.time()) // 30)
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Turn it on").click()
    expect(heading(page)).to_have_text("Recovery codes")


def send_first_case(page, patient):
    page.get_by_role("link", name="New case").first.click()
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
    owner.get_by_role("link", name="New case").first.click()
    expect(owner.get_by_role("heading", name="A dentist is missing")).to_be_visible()
    look_at(owner, "no-dentist")

    lab.goto("/admin/accounts/practice/?dentists=none")
    lab.get_by_role("link", name=practice).click()
    expect(lab.locator(".field-dentist_names")).to_contain_text("No active dentist")
    add_dentist(lab)
    save(lab)
    send_first_case(owner, "Birke Erstfall")


def test_where_two_steps_are_asked_for_owner_and_member_send_their_first_case(
    portal, worker, visit, lab
):
    practice, theirs = "Elm Row Dental", ("olive@elmrow.example", "mina@elmrow.example")
    make_practice(lab, practice, "front@elmrow.example", two_steps=True)
    invite_owner(lab, practice, theirs[0])
    owner, member = visit(), visit(size="phone")
    accept(owner, portal, theirs[0], "Olive Elm")
    set_up_app(owner)
    owner.goto("/")
    send_first_case(owner, "Ulmia Erstfall")

    invite(owner, theirs[1])
    accept(member, portal, theirs[1], "Mina Row")
    set_up_app(member)
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
    accept(member, portal, email, "Paula Lake")
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
    owner.get_by_role("button", name="Deactivate").click()
    expect(owner.get_by_role("status")).to_contain_text("signed out everywhere")
    member.reload()
    expect(heading(member)).to_have_text("Sign in")
    sign_in(member, email)
    expect(member.get_by_role("link", name="New case")).to_have_count(0)

    owner.get_by_role("link", name="Reactivate Rosa Gone").click()
    owner.get_by_role("button", name="Reactivate").click()
    expect(owner.get_by_role("status")).to_contain_text("Rosa Gone can sign in again.")
    member.goto("/cases/")
    sign_in(member, email)
    assert before <= numbers(member)


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
    choose(lab, "practice", "Cedar & Coast Dental")
    save(lab)
    told = mailbox.wait_for_mail(portal, "other@demo.example", "the cases of Cedar & Coast")
    assert f"Mo Mover ({email}) was moved to your practice" in mailbox.text(told)

    member.reload()
    expect(heading(member)).to_have_text("Sign in")
    sign_in(member, email)
    colleague.goto("/cases/")
    assert before
    assert numbers(member) == numbers(colleague)
    assert not before & numbers(member)
    member.goto(f"/cases/{before.pop()}/")
    expect(heading(member)).to_have_text("There is no such page")


def test_one_session_is_ended_by_keyboard(portal, worker, visit):
    email, desk, phone = "tess@lakeside.example", visit(), visit(size="phone")
    invite(visit("dentist"), email)
    accept(desk, portal, email, "Tess Twice")
    phone.goto("/accounts/login/")
    sign_in(phone, email)
    expect(heading(phone)).to_have_text("Cases")
    desk.goto("/accounts/sessions/")
    expect(desk.get_by_text("This one")).to_be_visible()
    look_at(desk, "sessions-two")
    desk.get_by_role("button", name=re.compile(r"^Sign out\s?:")).focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("status")).to_contain_text("is signed out.")
    phone.reload()
    expect(heading(phone)).to_have_text("Sign in")
