"""What dentists and the lab do in a browser, in their words."""

from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.browser.stack import PASSWORD
from tests.waiting import PATIENCE


def give_password(page: Page, email: str, password=PASSWORD):
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def give_code(page: Page, portal):
    """The code of the lab's app, or the next one if this one is used up."""
    code = portal.code()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_in(page: Page, email: str, portal=None):
    """Sign in; somebody of the lab, with the code that the `portal` tells."""
    give_password(page, email)
    if portal:
        give_code(page, portal)
    expect(page.get_by_text(f"Signed in as {email}")).to_be_attached()


def fingerprint_reader(page: Page):
    """Give the page's computer one, which Chromium plays: for passkeys."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def fill_case(page: Page, patient: str, teeth=("14",), description="One guide, please."):
    """Fill the form of a new case, but neither choose files nor press Submit."""
    page.get_by_label("Patient name").fill(patient)
    # Before its scripts are there, a click on a tooth is lost.
    page.wait_for_load_state()
    dentists = page.locator("#id_dentist option:not([value=''])")
    page.get_by_label("Prescribing dentist").select_option(dentists.first.get_attribute("value"))
    for tooth in teeth:
        page.locator(f"[data-tooth='{tooth}']").click()
    page.get_by_label("Description").fill(description)
    page.get_by_label("Signature").fill("Dana Demo")


# What a browser says of a line that breaks.
CUT_LINE = "ERR_INTERNET_DISCONNECTED|ERR_CONNECTION_|ERR_EMPTY_RESPONSE|ERR_SOCKET"
# The other one takes a whole folder.
FILES_INPUT = ".uploads input[type=file]:not([webkitdirectory])"


def choose_files(page: Page, *paths: Path):
    page.locator(FILES_INPUT).last.set_input_files(paths)


def submit_case(page: Page) -> str:
    """Press Submit, wait for the confirmation and return the case number."""
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_url("**/created/")
    return page.locator(".case-number").inner_text()


def kept(page: Page):
    """Wait until the server has what was typed."""
    expect(page.locator("[data-autosave-status]")).to_contain_text("What you typed is kept")


def file_line(page: Page, name: str):
    """The line of a file in a list of uploads, running or arrived."""
    return page.locator(".upload-item:visible").filter(has_text=name)


def expect_stored(page: Page, name: str, seconds=30):
    stored = page.locator(".upload-item.is-stored").filter(has_text=name)
    expect(stored).to_be_visible(timeout=seconds * 1000 * PATIENCE)


def row(page: Page, number: str):
    """The row of a case in the list."""
    return page.locator("table.is-list tbody tr").filter(has_text=number)


@contextmanager
def saved(page: Page, folder: Path):
    """What is downloaded in the block; a list that then holds the path it was saved to."""
    paths = []
    with page.expect_download() as waiting:
        yield paths
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    paths.append(path)


class Line:
    """The line between a page and the portal: its speed, its cuts, and what went over it."""

    def __init__(self, page: Page):
        self.created = 0
        self.offsets = []
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("Network.enable")
        page.on("request", self._noticed)

    def _noticed(self, request):
        if request.method == "POST" and urlsplit(request.url).path == "/files/":
            self.created += 1
        if request.method == "PATCH":
            self.offsets.append(int(request.headers["upload-offset"]))

    def limit(self, megabytes_a_second: float):
        self._set(False, int(megabytes_a_second * 1024**2))

    def cut(self):
        self._set(True, 0)

    def _set(self, offline, upload):
        self._devtools.send(
            "Network.emulateNetworkConditions",
            {
                "offline": offline,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": upload or -1,
            },
        )


def wait_for_share(page: Page, name: str, share: float):
    """Wait until the progress bar of a file has come to `share` (0 to 1)."""
    page.wait_for_function(
        """([name, share]) => [...document.querySelectorAll(".upload-item")].some((line) =>
            line.textContent.includes(name) && line.querySelector("progress")?.value >= share)""",
        arg=[name, share],
        timeout=60_000 * PATIENCE,
    )
