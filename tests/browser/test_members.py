"""An owner invites a colleague, who comes in by the link in the mail, and later has to go."""

import re

from playwright.sync_api import expect

from tests.browser import mailbox
from tests.browser.test_pages import findings, overflow, take_picture

NEW = "pat@lakeside.example"
PASSWORD = "seven-crowns-of-pat"


def press(page, key, times=1):
    for _ in range(times):
        page.keyboard.press(key)


def test_a_colleague_is_invited_comes_in_and_is_shown_out(portal, worker, visit):
    owner = visit("dentist", size="phone")
    owner.goto("/account/")
    owner.get_by_role("link", name="Members and invitations").click()
    # By keyboard alone, from the address to the button.
    owner.get_by_label("Email").focus()
    owner.keyboard.type(NEW)
    press(owner, "Tab")
    owner.keyboard.type("Pat")
    press(owner, "Tab", 2)
    expect(owner.get_by_role("button", name="Send the invitation")).to_be_focused()
    press(owner, "Enter")
    expect(owner.get_by_role("status")).to_contain_text(f"An invitation to {NEW} is on its way.")
    take_picture(owner, "phone", "members-invited")

    mail = mailbox.text(mailbox.wait_for_mail(portal, NEW, "Your invitation"))
    link = re.search(r"/account/invitations/[\w-]+/", mail)[0]
    colleague = visit(size="phone")
    colleague.goto(link)
    expect(colleague.get_by_label("Your name")).to_have_value("Pat")
    take_picture(colleague, "phone", "invitation")
    assert overflow(colleague) <= 0
    assert findings(colleague) == []
    colleague.get_by_label("Your name").fill("Pat Novak")
    colleague.get_by_label("Password*", exact=True).fill(PASSWORD)
    colleague.get_by_label("Password (again)").fill(PASSWORD)
    colleague.get_by_role("button", name="Open my account").click()
    expect(colleague.get_by_role("status")).to_contain_text(f"Please sign in as {NEW}.")
    take_picture(colleague, "phone", "invitation-accepted")
    colleague.get_by_label("Email").fill(NEW)
    colleague.get_by_label("Password").fill(PASSWORD)
    colleague.get_by_role("button", name="Sign in", exact=True).click()
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Cases")

    owner.reload()
    owner.get_by_role("link", name="Deactivate Pat Novak").click()
    take_picture(owner, "phone", "members-deactivate-pat")
    owner.get_by_role("button", name="Deactivate").click()
    expect(owner.get_by_role("status")).to_contain_text("signed out everywhere")
    colleague.reload()
    expect(colleague.get_by_role("heading", level=1)).to_have_text("Sign in")
