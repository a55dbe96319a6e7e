"""Web, worker and beat as they are started: all that they write is JSON, from first to last."""

import json
import re
import tempfile

import pytest
import requests

from drills.servers.portal import Portal
from tests.waiting import until

pytestmark = pytest.mark.proof
CANARY = "canary@quillfeather.example"


@pytest.fixture
def portal():
    with tempfile.TemporaryDirectory(prefix="logs-") as folder:
        portal = Portal(folder, others=("broker", "worker1", "beat"), LOG_FORMAT="json")
        with portal.running():
            yield portal


def written(portal, name):
    return (portal.folder / "logs" / name).read_text().splitlines()


def test_a_worker_names_the_request_that_asked_and_nothing_but_json_is_written(portal):
    portal.manage(
        "createsuperuser", "--noinput", "--email", CANARY, "--name", "Canary Quillfeather"
    )
    browser = requests.Session()
    page = browser.get(f"{portal.urls[0]}/accounts/password/reset/?name=Canary", timeout=60)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    answer = browser.post(
        page.url, {"email": CANARY, "csrfmiddlewaretoken": token},
        headers={"Referer": page.url}, timeout=60, allow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 302

    def sent():
        lines = [json.loads(line) for line in written(portal, "worker1")]
        return [line for line in lines if line.get("task") == "portal.tasks.send_email"]

    [line] = until(sent)
    assert line["request"] == answer.headers["X-Request-ID"]
    assert (line["event"], line["row"], line["outcome"]) == ("Task ended", "1", "SUCCESS")

    for name in ("web", "worker1", "beat"):
        for line in until(lambda name=name: written(portal, name)):
            assert {"time", "level", "logger", "event"} <= json.loads(line).keys()
            assert "canary" not in line.lower()
            assert "quillfeather" not in line
