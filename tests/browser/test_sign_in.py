"""Signing in with two steps, with passkeys, and being signed out, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import steps
from tests.browser.looks import look_at, take_picture
from tests.browser.people import sign_out

OTHER, DESK = "other@demo.example", "frontdesk@demo.example"
HOME = "/accounts/two-step/"


@pytest.fixture
def with_key(visit):
    """A page of a browser whose computer has a fingerprint reader; Chromium plays it."""
    page = visit()
    steps.fingerprint_reader(page)
    return page


def test_a_passkey_is_the_second_step_and_signs_in_by_itself(with_key):
    page = with_key
    page.goto("/accounts/login/")
    steps.sign_in(page, OTHER)

    page.goto("/account/")
    page.get_by_role("link", name="Two-step sign-in").click()
    look_at(page, "two-step")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("Front desk computer")
    look_at(page, "passkey-add")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    look_at(page, "recovery-codes")

    sign_out(page)
    page.goto("/accounts/login/")
    steps.give_password(page, OTHER)
    expect(page.get_by_role("heading", level=1)).to_have_text("Second step")
    look_at(page, "second-step")
    page.get_by_role("button", name="Use a passkey instead").click()
    expect(page.get_by_text(f"Signed in as {OTHER}")).to_be_attached()

    sign_out(page)
    page.goto("/accounts/login/?next=/account/")
    look_at(page, "sign-in-with-passkey")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/account/")
    expect(page.get_by_text(f"Signed in as {OTHER}")).to_be_attached()

    page.goto(f"{HOME}webauthn/")
    look_at(page, "passkeys")
    page.get_by_role("link", name="Rename").click()
    page.get_by_label("Name").fill("Reception")
    look_at(page, "passkey-name")
    page.get_by_role("button", name="Save the name").click()
    page.get_by_role("link", name="Remove Reception").click()
    look_at(page, "passkey-remove")
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()


def test_a_browser_without_the_passkey_says_so(visit):
    page = visit()
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True}},
    )
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("found no passkey for this site")).to_be_visible()


def test_the_pages_of_an_app_and_of_sessions_fit(visit):
    page = visit()
    page.goto("/accounts/login/")
    steps.sign_in(page, OTHER)
    page.goto(f"{HOME}totp/activate/")
    look_at(page, "app-set-up")
    page.goto("/accounts/sessions/")
    expect(page.get_by_text("This one")).to_be_visible()
    look_at(page, "sessions")


def test_the_labs_page_of_its_app_fits(visit):
    page = visit("lab")
    page.goto(HOME)
    look_at(page, "two-step-lab")


def was_idle(portal, page, minutes):
    """Let the server believe that nothing was done in this browser for so long.

    In this one only: other tests are signed in as the same person.
    """
    (key,) = (one["value"] for one in page.context.cookies() if one["name"].endswith("sessionid"))
    portal.manage(
        "shell",
        "-c",
        f"""
from datetime import timedelta
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.db.models import F
session = SessionStore("{key}")
session["active_at"] -= {minutes} * 60
session.save()
ago = timedelta(minutes={minutes})
UserSession.objects.filter(session_key="{key}").update(last_seen_at=F("last_seen_at") - ago)
""",
    )


def desk_types(visit):
    page = visit()
    page.goto("/accounts/login/")
    steps.sign_in(page, DESK)
    page.clock.install()
    page.goto("/account/")
    page.get_by_label("Your name").fill("Nora W. Whitfield")
    return page


def test_before_the_end_of_a_session_the_page_warns_and_people_can_stay(portal, visit):
    page = desk_types(visit)
    was_idle(portal, page, 28.5)
    page.clock.fast_forward("28:30")
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(dialog.locator("[data-idle-clock]")).to_have_text(re.compile(r"^1:\d\d$"))
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)") is False
    look_at(page, "idle-warning")
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    page.clock.fast_forward("05:00")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Your name")).to_have_value("Nora W. Whitfield")


def test_after_the_end_of_a_session_what_was_typed_is_still_there(portal, visit, complaints):
    complaints.expect("status of 401.*account/stay")
    page = desk_types(visit)
    was_idle(portal, page, 31)
    page.clock.fast_forward("31:00")
    dialog = page.get_by_role("dialog", name="You were signed out")
    expect(dialog).to_be_visible()
    look_at(page, "idle-out")
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in, in a new tab").click()
    steps.sign_in(opened.value, DESK)
    dialog.get_by_role("button", name="I have signed in").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Your name")).to_have_value("Nora W. Whitfield")
    page.get_by_role("button", name="Save name").click()
    expect(page.get_by_text("Your changes are saved.")).to_be_visible()


def test_a_page_in_which_nothing_was_typed_leads_to_the_sign_in(portal, visit, complaints):
    complaints.expect("status of 401.*account/stay")
    page = desk_types(visit)
    page.goto("/cases/")
    was_idle(portal, page, 31)
    page.clock.fast_forward("31:00")
    page.wait_for_url("**/accounts/login/?next=%2Fcases%2F")
    expect(page.get_by_text("nothing was done for 30 minutes")).to_be_visible()


def test_the_labs_admin_warns_too(visit, complaints):
    page = visit("lab")
    page.clock.install()
    page.goto("/admin/portal/news/add/")
    page.get_by_label("Title").fill("Closed on Monday")
    page.route("**/account/stay/", lambda route: route.fulfill(
        json={"seconds": 100, "person": person_of(page), "token": "x" * 64}
    ))  # fmt: skip
    page.clock.fast_forward("28:30")
    dialog = page.get_by_role("dialog", name="Are you still there?")
    expect(dialog).to_be_visible()
    take_picture(page, "idle-warning-admin")
    page.unroute("**/account/stay/")
    page.route("**/account/stay/", lambda route: route.fulfill(status=401, body="out"))
    complaints.expect("status of 401.*account/stay")
    page.clock.fast_forward("02:00")
    expect(page.get_by_role("dialog", name="You were signed out")).to_be_visible()
    take_picture(page, "idle-out-admin")
    page.unroute("**/account/stay/")
    page.get_by_role("button", name="I have signed in").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("Title")).to_have_value("Closed on Monday")


def person_of(page):
    return int(page.locator("[data-idle]").get_attribute("data-person"))
