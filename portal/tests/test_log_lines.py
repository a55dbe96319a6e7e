"""Web, worker and beat as they are started: all that they write is JSON, from first to last."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import requests
from django.conf import settings
from honcho.environ import parse_procfile

from tests.waiting import until

CANARY = "canary@quillfeather.example"
PARTS = ("broker", "web", "worker", "beat")


@pytest.fixture(scope="module")
def portal():
    with tempfile.TemporaryDirectory() as folder:
        yield from running(Path(folder))


def running(folder):
    """Start the parts of the Procfile in a folder; yields where the web is and their lines."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATA_DIR": str(folder),
        "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(folder / "static"),
        "BIND": bind,
        "LOG_FORMAT": "json",
    }

    def manage(*arguments):
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment, check=True, capture_output=True
        )

    manage("migrate")
    manage("createcachetable")
    manage("prepare", "--static")
    manage("createsuperuser", "--noinput", "--email", CANARY, "--name", "Canary Quillfeather")
    commands = parse_procfile((settings.BASE_DIR / "Procfile").read_text()).processes
    parts = {}
    for name in PARTS:
        with (folder / f"{name}.log").open("wb") as log:
            parts[name] = subprocess.Popen(
                ["sh", "-c", commands[name]],
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
    try:
        yield f"http://{bind}", lambda name: (folder / f"{name}.log").read_text().splitlines()
    finally:
        for part in reversed(parts.values()):
            part.send_signal(signal.SIGTERM)
            part.wait(20)


def answers(url):
    try:
        return requests.get(f"{url}/readyz", timeout=5).ok
    except requests.ConnectionError:
        return False


def test_a_worker_names_the_request_that_asked_and_nothing_but_json_is_written(portal):
    url, written = portal
    until(lambda: answers(url))
    browser = requests.Session()
    page = browser.get(f"{url}/accounts/password/reset/?name=Canary", timeout=5)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    answer = browser.post(
        page.url, {"email": CANARY, "csrfmiddlewaretoken": token},
        headers={"Referer": page.url}, timeout=5, allow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == 302

    def sent():
        lines = [json.loads(line) for line in written("worker")]
        return [line for line in lines if line.get("task") == "portal.tasks.send_email"]

    [line] = until(sent)
    assert line["request"] == answer.headers["X-Request-ID"]
    assert (line["event"], line["row"], line["outcome"]) == ("Task ended", "1", "SUCCESS")

    until(lambda: written("beat"))
    for name in ("web", "worker", "beat"):
        assert written(name)
        for line in written(name):
            assert {"time", "level", "logger", "event"} <= json.loads(line).keys()
            assert "canary" not in line.lower()
            assert "quillfeather" not in line
