"""The portal as its users start it, on a folder and a free port of its own."""

import os
import shlex
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import boto3
import psycopg2
import requests

from drills.servers import services
from drills.servers.portal import ROOT as BASE_DIR
from tests.waiting import until

PASSWORD = "four-crowns-and-a-bridge"
READY_WITHIN = 120  # seconds; the first start fills the demo data


class Portal:
    """Web, broker, worker and beat on `data_dir`, by `make run`; `url` is where they are."""

    command = (sys.executable, "bin/start")
    parts = ("gunicorn", "valkey-server", " worker ", " beat ")
    stops_within = 20  # seconds
    mail_folder = "mail"
    _codes = set()  # a code works once

    def __init__(self, data_dir: Path):
        port = str(services.free_port())
        self.data_dir = data_dir
        self.url = f"http://localhost:{port}"
        self.log = data_dir / "portal.log"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            # Not the folder of a portal that runs from the same code meanwhile.
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(data_dir / "static"),
            "PORT": port,
        }
        self._process = None

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self._is_ready, READY_WITHIN)
            self._learn()
            self.manage("demo", "--password", PASSWORD)
        except AssertionError:
            self._kill(self.processes())
            raise

    def _is_ready(self):
        if self._process.poll() is not None:
            raise AssertionError(f"{self.command[-1]} ended by itself:\n{self.log_tail()}")
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def _learn(self):
        """Find out where the servers are that it has started."""

    def stop(self):
        """Ask everything to stop as a terminal that closes does; what stays is a failure."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(self.stops_within)
        finally:
            left = self.processes()
            self._kill(left)
        assert not left, f"Processes that outlived SIGTERM: {left}\n{self.log_tail()}"
        assert code == 0, f"{self.command[-1]} ended with {code}.\n{self.log_tail()}"

    def manage(self, *arguments):
        """Run a management command on the data of this portal and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env={**self.environment, "SITE_URL": self.url},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def code(self):
        """A code of the lab's authenticator app that was not given out before."""

        def fresh():
            return {self.manage("demo", "--code").strip()} - self._codes

        [code] = until(fresh)
        self._codes.add(code)
        return code

    def processes(self, word=""):
        """The living processes that work on this data and have `word` in their command."""
        return [pid for pid in _all_pids() if self._is_own(pid) and word in _command(pid)]

    def _is_own(self, pid):
        # Some servers write their title over their environment: their folder tells.
        mark = f"DATA_DIR={self.data_dir}".encode()
        known = mark in _read(pid, "environ").split(b"\0")
        return known or str(self.data_dir) in _command(pid) + _folder(pid)

    def kill_web_workers(self):
        """Kill what answers requests in mid-sentence; gunicorn starts others."""
        web = self.processes("gunicorn portal.wsgi")
        workers = [pid for pid in web if _parent(pid) in web]
        assert workers
        self._kill(workers)

    @staticmethod
    def _kill(processes):
        for pid in processes:
            os.kill(pid, signal.SIGKILL)

    def rows(self, query, *values):
        """Rows of the portal's database, read beside the running portal."""
        with sqlite3.connect(f"file:{self.data_dir}/portal.sqlite3?mode=ro", uri=True) as database:
            return database.execute(query, values).fetchall()

    def stored_file(self, name):
        """Path and noted sha256 of the stored file that was uploaded as `name`, else None."""
        rows = self.rows(
            "SELECT key, sha256 FROM cases_attachment WHERE name = ? AND state = 'stored'", name
        )
        return (self._stored(rows[0][0]), rows[0][1]) if rows else None

    def _stored(self, key):
        return self.data_dir / "storage" / key

    def mails(self):
        """All mails that were sent, the oldest first."""
        return services.mails_in((self.data_dir / self.mail_folder).glob("[!.]*"))

    def log_tail(self, lines=25):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class PortalOnStack(Portal):
    """The same by `make stack`: on real servers, with nginx before two web processes."""

    command = ("bin/stack",)
    parts = (*Portal.parts, "postgres", "weed", "mail_server", "nginx")
    stops_within = 60
    mail_folder = "mail/new"

    def _learn(self):
        lines = (self.data_dir / "environment").read_text().splitlines()
        self.environment |= dict(shlex.split(line)[0].split("=", 1) for line in lines)

    def rows(self, query, *values):
        with (
            closing(psycopg2.connect(self.environment["DATABASE_URL"])) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query.replace("?", "%s"), values)
            return cursor.fetchall()

    def _stored(self, key):
        path = self.data_dir / "fetched"
        bucket = boto3.client(
            "s3",
            endpoint_url=self.environment["S3_ENDPOINT_URL"],
            region_name=self.environment["S3_REGION"],
            aws_access_key_id=self.environment["S3_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["S3_SECRET_ACCESS_KEY"],
        )
        bucket.download_file(self.environment["S3_BUCKET"], key, str(path))
        return path


OPEN_WORK = """SELECT 1 FROM cases_prescription WHERE work_state NOT IN ('done', 'failed')
    UNION ALL SELECT 1 FROM portal_email WHERE work_state NOT IN ('done', 'failed')"""


def wait_for_work(portal):
    """Wait until the worker has done what the demo left to it."""
    until(lambda: not portal.rows(OPEN_WORK), 300)


class RunningPortal(PortalOnStack):
    """One that somebody else runs, at PORTAL_URL on the servers that the environment names.

    What it sends is in DATA_DIR/mail.
    """

    def __init__(self):
        self.url = os.environ["PORTAL_URL"]
        self.data_dir = Path(os.environ["DATA_DIR"])
        self.log = self.data_dir / "portal.log"
        self.environment = {**os.environ}

    def start(self):
        """It runs."""

    def stop(self):
        """Whoever started it stops it."""


def _all_pids():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command(pid):
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _folder(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return ""


def _parent(pid):
    return int(_read(pid, "stat").rpartition(b")")[2].split()[1])


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return b""
