"""The portal as its users start it: bin/start on a folder and a free port of its own."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import requests

BASE_DIR = Path(__file__).resolve().parents[2]
PASSWORD = "four-crowns-and-a-bridge"
READY_WITHIN = 120  # seconds; the first start fills the demo data
STOPPED_WITHIN = 20


def until(condition, seconds=60):
    """Ask `condition` until it gives something true and return that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"Still nothing after {seconds} s.")
        time.sleep(0.05)
    return found


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Portal:
    """Web, broker, worker and beat on `data_dir`; `url` is where they are."""

    def __init__(self, data_dir: Path):
        port = str(_free_port())
        self.data_dir = data_dir
        self.url = f"http://localhost:{port}"
        self.log = data_dir / "portal.log"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            # Not the folder of a portal that runs from the same code meanwhile.
            "STATIC_ROOT": str(data_dir / "static"),
            "PORT": port,
        }
        self._process = None

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "bin/start"],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            until(self._is_ready, READY_WITHIN)
            self.manage("demo", "--password", PASSWORD)
        except AssertionError:
            self._kill(self.processes())
            raise

    def _is_ready(self):
        if self._process.poll() is not None:
            raise AssertionError(f"bin/start ended by itself:\n{self.log_tail()}")
        try:
            return requests.get(f"{self.url}/readyz", timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self):
        """Ask everything to stop as a terminal that closes does; what stays is a failure."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOPPED_WITHIN)
        finally:
            left = self.processes()
            self._kill(left)
        assert not left, f"Processes that outlived SIGTERM: {left}\n{self.log_tail()}"
        assert code == 0, f"bin/start ended with {code}.\n{self.log_tail()}"

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

    def processes(self, word=""):
        """The living processes that work on this data and have `word` in their command."""
        return [pid for pid in _all_pids() if self._is_own(pid) and word in _command(pid)]

    def _is_own(self, pid):
        # The broker writes its title, with the path of its socket, over its environment.
        mark = f"DATA_DIR={self.data_dir}".encode()
        return mark in _read(pid, "environ").split(b"\0") or str(self.data_dir) in _command(pid)

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
        return (self.data_dir / "storage" / rows[0][0], rows[0][1]) if rows else None

    def log_tail(self, lines=25):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def _all_pids():
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command(pid):
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def _parent(pid):
    return int(_read(pid, "stat").rpartition(b")")[2].split()[1])


def _read(pid, name):
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return b""
