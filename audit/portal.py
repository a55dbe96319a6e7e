"""The portal that is scanned: as in production behind a TLS proxy, with the demo in it.

It listens on the loopback address only, from a folder that is thrown away, and so do the scanners.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

from audit.outcome import BASE_DIR, NotRun

DENTIST, STAFF = "dentist@demo.example", "lab@demo.example"
READY_WITHIN = 60  # seconds
# Of the proxy that is not there: TLS ended before the portal.
FORWARDED = {"X-Forwarded-Proto": "https"}
BIN = BASE_DIR / ".venv" / "bin"
# No broker answers there; what is to be done stays a row.
NO_BROKER = "redis+socket:///nowhere/valkey.sock"


def prepare(folder):
    """Make a database and static files with the demo in `folder`, to be copied for each scan."""
    part = Path(f"{folder}.part")
    environment = _environment(part, "http://localhost:8000")
    done = subprocess.run(
        [sys.executable, "manage.py", "prepare"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NotRun(f"The demo was not made: {done.stderr.strip().splitlines()[-1]}")
    part.rename(folder)


def _environment(folder, site_url):
    return {
        **os.environ,
        "DATA_DIR": str(folder),
        "STATIC_ROOT": str(Path(folder, "static")),
        "SITE_URL": site_url,
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "CELERY_BROKER_URL": NO_BROKER,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_FORMAT": "json",
        "DEBUG": "0",
    }


class Portal:
    def __init__(self, code, prepared, folder):
        self.code, self.folder = Path(code), Path(folder)
        shutil.copytree(prepared, folder)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.log = self.folder / "web.log"
        self.environment = _environment(folder, f"https://{self.host}")

    @contextmanager
    def running(self):
        command = [BIN / "gunicorn", "portal.wsgi", "--bind", self.host]
        command += ["--workers", "2", "--threads", "8"]
        command += ["--control-socket", self.folder / "gunicorn.ctl"]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                cwd=self.code,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait(process)
            yield self
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def _wait(self, process):
        until = time.monotonic() + READY_WITHIN
        while process.poll() is None and time.monotonic() < until:
            with suppress(OSError):
                if self.get("/healthz")[0] == 200:
                    return
            time.sleep(0.2)
        raise NotRun(f"The portal did not start: {self.log.read_text()[-300:]}")

    def ask(self, question, *words):
        """What audit/inside.py answers."""
        done = subprocess.run(
            [sys.executable, "-m", "audit.inside", question, *words],
            cwd=self.code,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise NotRun(f"{question}: {done.stderr.strip().splitlines()[-1]}")
        return json.loads(done.stdout.splitlines()[-1])

    def get(self, path, cookies=None):
        """Status, text and cookies of a page."""
        request = urllib.request.Request(self.url + path, headers=self.headers(cookies))  # noqa: S310  our own address
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode(errors="replace"), _cookies(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode(errors="replace"), _cookies(refusal)

    def headers(self, cookies=None):
        """What each request of a browser behind the proxy has."""
        headers = {**FORWARDED, "Origin": f"https://{self.host}"}
        headers["Referer"] = f"https://{self.host}/"
        if cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers

    def signed_in(self, email):
        """The cookies of somebody; raises NotRun unless the portal takes them."""
        cookies = self.ask("sessions", email)
        cookies |= self.get("/account/", cookies)[2]
        self.check(email, cookies)
        return cookies

    def check(self, email, cookies):
        """Raise NotRun unless somebody is still signed in, so that more than a door is scanned."""
        page = "/admin/" if email == STAFF else "/cases/"
        status = self.get(page, cookies)[0]
        if status != 200:
            raise NotRun(f"{email} was not signed in: {page} answered {status}.")
        answered = [line for line in self._lines() if '"event": "Answered"' in line]
        strangers = sum('"user": ' not in line for line in answered)
        if strangers > len(answered) / 2:
            raise NotRun(f"Of {len(answered)} requests, {strangers} were not signed in.")

    def errors(self):
        """{"method route": what went wrong} of each answer 500."""
        found = {}
        for line in self._lines():
            if '"status": 500' in line and line.startswith("{"):
                one = json.loads(line)
                found[f"{one.get('method')} {one.get('route')}"] = one.get("request", "")
        return found

    def _lines(self):
        return self.log.read_text(errors="replace").splitlines()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments):
        return None


def _cookies(answer):
    set_by = answer.headers.get_all("Set-Cookie") or []
    return dict(re.match(r"([^=]+)=([^;]*)", one).groups() for one in set_by)
