"""What only a portal by https shows: its cookies, its files host, and what Mozilla thinks of it."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import samples, steps
from tests.browser.production import DENTIST, FILES, PORTAL, Production
from tests.browser.stack import BASE_DIR

# On the disk, whose files the other host gives out.
pytestmark = pytest.mark.embedded(only=True)
OBSERVATORY = BASE_DIR / "tests" / "observatory"
STORE = """
from cases.models import Attachment
from django.core.files.storage import default_storage
file = Attachment.objects.get()
default_storage.write(file.key, b"solid <script>alert(1)</script>")
Attachment.objects.update(state="stored", work_state="done", name="arch.html")
"""


@pytest.fixture(scope="module")
def production():
    with tempfile.TemporaryDirectory(prefix="https-") as folder, Production(Path(folder)) as it:
        yield it


@pytest.fixture
def page(production, browser_type, browser_type_launch_args, complaints):
    """A window of a browser that trusts our certificate and finds both names on this machine."""
    port = production.ports[1]
    names = ", ".join(f"MAP {name}:443 127.0.0.1:{port}" for name in (PORTAL, FILES))
    trusted = f"--ignore-certificate-errors-spki-list={fingerprint(production.certificate)}"
    switches = [*browser_type_launch_args["args"], f"--host-resolver-rules={names}", trusted]
    with tempfile.TemporaryDirectory(prefix="browser-") as folder:
        # The switch that trusts counts in a profile of its own only.
        options = {**browser_type_launch_args, "args": switches}
        context = browser_type.launch_persistent_context(
            folder, **options, base_url=f"https://{PORTAL}"
        )
        context.set_default_timeout(30_000)
        complaints.watch(context)
        yield context.new_page()
        context.close()


def fingerprint(certificate):
    """The digest of a certificate's public key, as Chromium wants it."""
    words = ["openssl", "x509", "-in", str(certificate), "-pubkey", "-noout"]
    key = subprocess.run(words, check=True, capture_output=True).stdout
    words = ["openssl", "pkey", "-pubin", "-outform", "der"]
    key = subprocess.run(words, input=key, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def test_a_case_is_sent_and_a_file_fetched_by_https(page, production, tmp_path):
    page.goto("/accounts/login/")
    steps.sign_in(page, DENTIST)
    cookies = {cookie.pop("name"): cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-known-device"}
    for cookie in cookies.values():
        assert (cookie["secure"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
        assert cookie["domain"] == PORTAL
    assert cookies["__Host-sessionid"]["httpOnly"]

    # Both send the token that is in the cookie.
    page.goto("/cases/new/")
    scan = samples.surface_scan(tmp_path / "upper.stl")
    steps.choose_files(page, scan)
    steps.fill_case(page, "Jane Roe")
    steps.kept(page)
    expect(steps.file_line(page, scan.name)).to_contain_text("Arrived")
    number = steps.submit_case(page)

    production.web.manage("shell", "-v0", "-c", STORE)
    page.goto(f"/cases/{number}/")
    asked = []
    page.context.on("request", lambda request: asked.append(request))
    with steps.saved(page, tmp_path) as paths:
        page.get_by_role("link", name="arch.html").first.click()
    assert paths[0].name == "arch.html"
    assert paths[0].read_bytes().startswith(b"solid")
    at_files_host = [one for one in asked if one.url.startswith(f"https://{FILES}/")]
    assert len(at_files_host) == 1
    assert "cookie" not in at_files_host[0].all_headers()

    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("main")).to_contain_text("You have signed out.")
    assert all(cookie["name"].startswith("__Host-") for cookie in page.context.cookies())


def node_is_too_old():
    words = [shutil.which("node") or "node", "-p", "process.versions.node"]
    return int(subprocess.run(words, capture_output=True, text=True).stdout.split(".")[0]) < 20


@pytest.mark.proof
def test_mozillas_observatory_gives_the_best_grade(production):
    if node_is_too_old():
        pytest.skip("Mozilla's HTTP Observatory needs Node 20.")
    done = subprocess.run(
        ["node", "scan.mjs", PORTAL, *map(str, production.ports)],
        cwd=OBSERVATORY,
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(production.certificate)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    for name, rule in found["tests"].items():
        print(f"{rule['scoreModifier']:+4} {name}: {rule['result']}")
    print(found["scan"]["grade"], found["scan"]["score"])
    assert found["scan"]["grade"] == "A+"
    assert found["scan"]["score"] >= 130
    assert [name for name, rule in found["tests"].items() if not rule["pass"]] == []
