import os
import re
import tempfile
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser import people, steps
from tests.browser.stack import PASSWORD, Portal, PortalOnStack, RunningPortal, wait_for_work
from tests.waiting import PATIENCE

# Without a window it takes less than half of the processor time.
DEBIANS_CHROMIUM = Path("/usr/bin/chromium-headless-shell")
HERE = Path(__file__).parent
PEOPLE = {
    "dentist": "dentist@demo.example",
    "frontdesk": "frontdesk@demo.example",
    "other": "other@demo.example",
    "lab": "lab@demo.example",
}
expect.set_options(timeout=15_000 * PATIENCE)
ROOT = "root@guidepost.example"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items):
    # What needs the worker comes last, when it has done what the demo left to it.
    items.sort(key=lambda item: "worker" in item.fixturenames)
    for item in items:
        if HERE in item.path.parents:
            # In one process, whose portal takes long to start.
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    portal = getattr(item, "funcargs", {}).get("portal")
    if report.failed and portal:
        report.sections.append(("the portal's log", portal.log_tail()))
    return report


@pytest.fixture(scope="session")
def portal():
    if "PORTAL_URL" in os.environ:
        yield RunningPortal()
        return
    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        portal = (PortalOnStack if settings.S3_BUCKET else Portal)(Path(folder))
        portal.start()
        yield portal
        portal.stop()


@pytest.fixture(scope="session")
def worker(portal):
    """The worker, free for the files and scripts of a test."""
    wait_for_work(portal)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    # Playwright runs a loop in this thread for the rest of the session, and Django would refuse
    # to touch the database in the tests that follow here.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    own = {"executable_path": str(DEBIANS_CHROMIUM)} if DEBIANS_CHROMIUM.exists() else {}
    switches = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    return {**browser_type_launch_args, **own, "args": switches}


@pytest.fixture(scope="session")
def sign_ins(portal, browser):
    """A function that gives the cookies of somebody who has signed in, by their name here."""
    known = {}

    def cookies_of(name):
        if name not in known:
            context = browser.new_context(base_url=portal.url)
            page = context.new_page()
            page.goto("/accounts/login/")
            steps.sign_in(page, PEOPLE[name], portal if name == "lab" else None)
            known[name] = context.storage_state()
            context.close()
        return known[name]

    return cookies_of


# What a browser would send to a report-uri, heard in the page itself.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => reportViolation(
    `violation: ${event.effectiveDirective} ${event.blockedURI} in ${event.documentURI}, `
    + `${event.sourceFile}:${event.lineNumber}`));
"""


class Complaints:
    """What browsers and server complained about; a test names what it provokes itself."""

    def __init__(self):
        self.heard = []
        self.expected = []

    def expect(self, pattern):
        self.expected.append(pattern)

    def watch(self, context):
        context.expose_binding("reportViolation", lambda _, report: self.heard.append(report))
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("requestfailed", self._failed)
        context.on("console", self._said)
        context.on("weberror", lambda problem: self.heard.append(f"error: {problem.error}"))
        context.on("response", self._answered)

    def _said(self, message):
        if message.type == "error":
            place = message.location.get("url", "")
            self.heard.append(f"console: {message.text} ({place})")

    def _failed(self, request):
        # What a policy of another kind keeps out, such as Cross-Origin-Embedder-Policy.
        if "BLOCKED_BY" in (request.failure or ""):
            self.heard.append(f"{request.failure}: {request.url}")

    def _answered(self, response):
        if response.status >= 500:
            self.heard.append(f"status {response.status}: {response.url}")

    def unexpected(self):
        known = [re.compile(pattern) for pattern in self.expected]
        return [line for line in self.heard if not any(one.search(line) for one in known)]


@pytest.fixture
def complaints():
    """Fails a test on script errors, violations of the content policy and broken pages."""
    complaints = Complaints()
    # By http and not on this machine, as in the fleet, a browser ignores this header and says so.
    complaints.expect("Cross-Origin-Opener-Policy header has been ignored")
    yield complaints
    assert complaints.unexpected() == []


@pytest.fixture
def held_for_a_moment(complaints):
    """Whoever is back before the server noticed that they had gone is told so, and waits."""
    complaints.expect("status of 423")


@pytest.fixture
def visit(browser, portal, complaints, sign_ins):
    """A function that opens a browser window of its own, for a person who has signed in.

    `name` is a key of PEOPLE or None for a stranger, `size` a key of SIZES.
    """
    contexts = []

    def open_window(name=None, size="desktop", **options):
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=portal.url,
            viewport={"width": width, "height": height},
            storage_state=sign_ins(name) if name else None,
            timezone_id="America/Chicago",
            locale="en-US",
            **options,
        )
        context.set_default_timeout(15_000 * PATIENCE)
        complaints.watch(context)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def superuser(portal, worker, browser):
    """The cookies of the first login of a new portal, who came in by a forgotten password."""
    portal.manage("createsuperuser", "--noinput", "--email", ROOT, "--name", "Robin Root")
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    people.forget_password(page, portal, ROOT, PASSWORD)
    steps.give_password(page, ROOT)
    people.set_up_app(page)
    people.on_to_admin(page)
    yield context.storage_state()["cookies"]
    context.close()


@pytest.fixture
def root(superuser, visit):
    """The page of a superuser."""
    page = visit()
    page.context.add_cookies(superuser)
    return page


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
