"""The portal as its users start it, on a folder and a free port of its own."""

import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import boto3
import psycopg2
import requests

from drills.servers import services
from drills.servers.portal import ROOT as BASE_DIR
from drills.servers.portal import manage
from drills.servers.units import settings_in
from tests.waiting import until

PASSWORD = "four-crowns-and-a-bridge"
READY_WITHIN = 300  # seconds; the first start fills the demo data, on a machine that may be busy


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
        self._process = services.launch(self.command, self.log, cwd=BASE_DIR, env=self.environment)
        try:
            until(self._is_ready, READY_WITHIN)
            self._learn()
            self.manage("demo", "--password", PASSWORD)
        except (AssertionError, services.ServiceError):
            services.signal_all(self.processes(), signal.SIGKILL)
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
        running = self.processes()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(self.stops_within)
        finally:
            left = [pid for pid in running if _command(pid)]
            services.signal_all(left, signal.SIGKILL)
        assert not left, f"Processes that outlived SIGTERM: {left}\n{self.log_tail()}"
        assert code == 0, f"{self.command[-1]} ended with {code}.\n{self.log_tail()}"

    def manage(self, *arguments):
        """Run a management command on the data of this portal and return what it printed."""
        return manage({**self.environment, "SITE_URL": self.url}, *arguments)

    def code(self):
        """A code of the lab's authenticator app that was not given out before."""

        def fresh():
            return {self.manage("demo", "--code").strip()} - self._codes

        [code] = until(fresh)
        self._codes.add(code)
        return code

    def processes(self, word=""):
        """The living processes of this portal that have `word` in their command."""
        family = services.family_of(self._process.pid)
        return [pid for pid in family if word in _command(pid)]

    def kill_web_workers(self):
        """Kill what answers requests in mid-sentence; gunicorn starts others."""
        web = self.processes("gunicorn portal.wsgi")
        workers = [pid for pid in web if services.family_of(pid) == [pid]]
        assert workers
        services.signal_all(workers, signal.SIGKILL)

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

    def log_tail(self):
        return services.tail(self.log, 25) if self.log.exists() else ""


class PortalOnStack(Portal):
    """The same by `make stack`: on real servers, with nginx before two web processes."""

    command = ("bin/stack",)
    parts = (*Portal.parts, "postgres", "weed", "mail_server", "nginx")
    stops_within = 60
    mail_folder = "mail/new"

    def _learn(self):
        self.environment |= settings_in((self.data_dir / "environment").read_text())

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


def _command(pid):
    """The words of a process that runs, else nothing."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""
