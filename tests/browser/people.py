"""How people come in for the first time and again: links from mails, passwords, second steps."""

import re
import time

from playwright.sync_api import Page, expect

from accounts.sign_in.allauth_internals import app_code
from tests.browser import mailbox, steps
from tests.browser.stack import PASSWORD
from tests.waiting import until

DENTIST = {"name": "Dr. Ines Vale", "license_number": "77", "license_state": "ME"}
ADDED = "A link for choosing a password is on its way"


class App:
    """An authenticator app on somebody's phone."""

    def __init__(self, secret):
        self.secret = secret
        self._used = set()

    def code(self):
        """One that was not given out before; the portal takes those of 90 seconds, each once."""
        code = until(self._fresh, 90)
        self._used.add(code)
        return code

    def _fresh(self):
        now = int(time.time()) // 30
        codes = [app_code(self.secret, now + ahead) for ahead in (0, 1)]
        return next((code for code in codes if code not in self._used), None)


def follow_link(page: Page, portal, to: str, subject: str, number=1):
    """Open the link in the mail."""
    mail = mailbox.text(mailbox.wait_for_mail(portal, to, subject, number))
    page.goto(re.search(rf"{re.escape(portal.url)}(/account\S+)", mail)[1])


def choose_password(page: Page, button: str, password=PASSWORD):
    for field in page.locator("main input[type=password]").all():
        field.fill(password)
    page.get_by_role("button", name=button).click()


def set_up_app(page: Page) -> App:
    """From the page that asks for a second step to the page of recovery codes."""
    page.get_by_role("link", name="Set up an app").click()
    app = App(page.locator("code.secret").inner_text())
    page.get_by_role("main").get_by_role("textbox").fill(app.code())
    page.get_by_role("button", name="Turn it on").click()
    expect(heading(page)).to_have_text("Recovery codes")
    return app


def give_code(page: Page, app: App):
    expect(heading(page)).to_have_text("Second step")
    page.get_by_label("Code").fill(app.code())
    page.get_by_role("button", name="Sign in", exact=True).click()


def on_to_admin(page: Page):
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("link", name="Lab admin").click()
    expect(page.get_by_role("heading", name="Recent actions")).to_be_visible()


def sign_out(page: Page):
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/")


def forget_password(page: Page, portal, email: str, new: str, number=1):
    """From the sign-in page, by the mail, back to the sign-in page."""
    page.goto("/accounts/login/")
    page.get_by_role("link", name="Forgot").click()
    page.get_by_label("Email").fill(email)
    page.get_by_role("main").get_by_role("button").click()
    follow_link(page, portal, email, "Your new password", number)
    choose_password(page, "Save the new password", new)
    expect(heading(page)).to_have_text("Password changed")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()


def make_staff(root: Page, email: str, name: str, group: str):
    """A superuser makes somebody of the lab, from the first page of admin."""
    root.goto("/admin/")
    root.get_by_role("link", name="Users", exact=True).first.click()
    root.get_by_role("link", name="Add user").click()
    root.locator("#id_email").fill(email)
    root.locator("#id_name").fill(name)
    root.locator("#id_groups_from").select_option(label=group)
    root.locator("#id_groups_add").click()
    root.get_by_role("button", name="Save", exact=True).click()
    expect(root.locator(".messagelist")).to_contain_text(f"{ADDED} to {email}")


def act(page: Page, action: str):
    """Do something to the one row of a list in admin."""
    page.locator("#result_list tbody input[type=checkbox]").check()
    page.locator("select[name=action]").select_option(action)
    page.get_by_role("button", name="Go", exact=True).click()


def begin(page: Page, portal, email: str):
    """New staff, from the mail to the page that asks for a second step."""
    follow_link(page, portal, email, "You have been given access")
    begin_here(page, email)


def begin_here(page: Page, email: str):
    expect(heading(page)).to_contain_text("Welcome to")
    choose_password(page, "Save the password")
    steps.give_password(page, email)
    expect(page.get_by_text("Set up a second step to go on")).to_be_visible()


def heading(page: Page):
    return page.get_by_role("main").get_by_role("heading", level=1)


# What the office does in admin


def choose(page: Page, field: str, name: str):
    """Choose a row in a field of admin that finds it by its name."""
    page.locator(f".field-{field} .select2-selection").click()
    page.locator(".select2-search__field").fill(name)
    page.get_by_role("option", name=name, exact=True).click()


def save(page: Page):
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def add_dentist(page: Page):
    page.locator("#dentists-group .add-row a").click()
    for field, value in DENTIST.items():
        page.locator(f"#id_dentists-0-{field}").fill(value)


def make_practice(page: Page, name: str, email: str, with_dentist=True, two_steps=False):
    page.goto("/admin/accounts/practice/")
    page.get_by_role("link", name="Add Practice").click()
    page.get_by_label("Name:").first.fill(name)
    page.get_by_label("Confirmation email").fill(email)
    if two_steps:
        page.get_by_label("Two-step sign-in required").check()
    if with_dentist:
        add_dentist(page)
    save(page)


def invite_owner(page: Page, practice: str, email: str):
    page.goto("/admin/accounts/invitation/add/")
    choose(page, "practice", practice)
    page.get_by_label("Email").fill(email)
    page.get_by_label("As an owner").check()
    save(page)


# What people of a practice do


def invite(owner: Page, email: str):
    """By keyboard alone, from the address to the button."""
    owner.goto("/account/members/")
    owner.get_by_label("Email").focus()
    owner.keyboard.type(email)
    for _ in range(3):  # past the name and the role
        owner.keyboard.press("Tab")
    expect(owner.get_by_role("button", name="Send the invitation")).to_be_focused()
    owner.keyboard.press("Enter")
    expect(owner.get_by_role("status")).to_contain_text(f"An invitation to {email} is on its way.")


def accept(page: Page, portal, email: str, name: str):
    """From the mail to an account, and signed in with its password."""
    follow_link(page, portal, email, "Your invitation")
    accept_here(page, email, name)


def accept_here(page: Page, email: str, name: str):
    page.get_by_label("Your name").fill(name)
    choose_password(page, "Open my account")
    expect(page.get_by_role("status")).to_contain_text(f"Please sign in as {email}.")
    steps.give_password(page, email)
