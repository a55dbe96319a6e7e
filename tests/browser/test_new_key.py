"""A portal that is restored under another SECRET_KEY: everybody gets in again."""

import re
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import mailbox, people, steps
from tests.browser.stack import BASE_DIR, Portal, wait_for_work

OTHER, LAB = "other@demo.example", "lab@demo.example"
NEW_KEY = "another-key-that-is-long-enough-0123456789-abcdefghijklmnopqrstuvwxyz"

# Restores on servers are those of the restore drill.
pytestmark = [pytest.mark.embedded(only=True), pytest.mark.proof]


@pytest.fixture
def folder():
    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        yield Path(folder)


@pytest.fixture
def lost(folder, browser):
    """A backup of a portal that is gone, and the app that a dentist had set up there."""
    portal = Portal(folder / "lost")
    portal.data_dir.mkdir()
    portal.start()
    try:
        page = browser.new_page(base_url=portal.url)
        app = set_up_app_at(page)
        page.close()
        portal.manage("backup", str(folder / "backup"))
    finally:
        portal.stop()
    return folder / "backup", app


def set_up_app_at(page):
    """The dentist signs in with the password alone and sets up an app among the settings."""
    page.goto("/accounts/login/")
    steps.sign_in(page, OTHER)
    page.goto("/account/")
    page.get_by_role("link", name="Two-step sign-in").click()
    return people.set_up_app(page)


@pytest.fixture
def restored(folder, lost):
    """The portal that was restored from it, with another key."""
    portal = Portal(folder / "restored")
    portal.data_dir.mkdir()
    portal.environment["SECRET_KEY"] = NEW_KEY
    portal.manage("restore", str(lost[0]))
    portal.start()
    yield portal
    portal.stop()


@pytest.fixture
def page(restored, browser):
    page = browser.new_page(base_url=restored.url)
    yield page
    page.close()


def what_to_type():
    """The command that docs/backup.md names for a lost key, without `manage.py`."""
    text = (BASE_DIR / "docs/backup.md").read_text()
    of_this = text.partition("**Without the key.**")[2]
    return re.search(r"^manage\.py (.+?) +#", of_this, re.MULTILINE)[1].split()


def test_after_a_restore_under_another_key_everybody_gets_in_again(restored, lost, page):
    the_labs_login_got_a_new_app(restored, page)
    _, app = lost
    people.sign_out(page)
    the_app_of_before_is_refused(page, app)
    wait_for_work(restored)
    printed = restored.manage(*what_to_type())
    assert "removed: 2, of 1 person." in printed
    told = mailbox.wait_for_mail(restored, OTHER, "how you sign in")
    assert "the key that they were locked with is gone" in mailbox.text(told)
    a_new_app_is_set_up_and_used(page)


def the_labs_login_got_a_new_app(portal, page):
    log = portal.log.read_text()
    assert f"set up with another SECRET_KEY. {LAB} got a new one." in log
    page.goto("/admin/")
    steps.give_password(page, LAB)
    steps.give_code(page, portal)
    expect(page.get_by_role("heading", name="Recent actions")).to_be_visible()


def the_app_of_before_is_refused(page, app):
    page.goto("/accounts/login/")
    steps.give_password(page, OTHER)
    people.give_code(page, app)
    expect(page.get_by_text("That did not match.")).to_be_visible()


def a_new_app_is_set_up_and_used(page):
    app = set_up_app_at(page)
    people.sign_out(page)
    page.goto("/accounts/login/")
    steps.give_password(page, OTHER)
    people.give_code(page, app)
    expect(people.heading(page)).to_have_text("Cases")
