"""The portal's own processes, each started again when it ends, as systemd does."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import requests

from drills.servers.services import LOCALHOST, ServiceError, family_of, free_port

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 90
STOPPED_WITHIN = 30
RESTART_AFTER = 0.3

# In minutes a few dentists do here what a practice does in months.
OUT_OF_THE_WAY = " ".join(
    f"{what}_an_hour_a_{whose}=1000000"
    for what in ("cases", "messages", "updates", "uploads")
    for whose in ("person", "practice")
)


class Kept:
    """A process that is kept running until `stop`; `starts` counts how often it began."""

    def __init__(self, name, command, environment, log):
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.starts = 0
        self._wanted = threading.Event()
        self._process = None
        # The kernel ends the process with the thread that started it, which lives as long as we.
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self):
        self._wanted.set()
        self._thread.start()

    def _keep(self):
        while self._wanted.is_set():
            with open(self.log, "ab") as log:
                self._process = subprocess.Popen(
                    ["setpriv", "--pdeathsig", "KILL", *self.command],
                    cwd=ROOT,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.starts += 1
            self._process.wait()
            time.sleep(RESTART_AFTER)

    @property
    def pid(self):
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def children(self):
        return family_of(self.pid)[1:] if self.pid else []

    def send(self, number, pids=None):
        """A signal to the process itself, or to these of its family."""
        for pid in [self.pid] if pids is None else pids:
            with suppress(ProcessLookupError, TypeError):  # it has just ended
                os.kill(pid, number)

    def kill_a_child(self, rng: random.Random):
        """Kill one of its processes at once; False when it has none just now."""
        children = self.children
        if children:
            self.send(signal.SIGKILL, [rng.choice(children)])
        return bool(children)

    def stop(self):
        self._wanted.clear()
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        self._thread.join(STOPPED_WITHIN)
        if self._thread.is_alive():
            self.send(signal.SIGKILL, family_of(self.pid) if self.pid else [])
            self._thread.join()


class Portal:
    """Two web servers, two workers and beat over one folder, on the servers of `environment`."""

    def __init__(self, folder: Path, environment: dict[str, str], staging: Path | None = None):
        self.folder = folder
        for name in ("die", "stop", "stopped", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.ports = [free_port(), free_port()]
        self.urls = [f"http://{LOCALHOST}:{port}" for port in self.ports]
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "STAGING_DIR": str(staging or folder / "staging"),
            "SITE_URL": self.urls[0],
            "DRILL_DIR": str(folder),
            "LOG_FORMAT": "text",
            "LIMITS": OUT_OF_THE_WAY,
            **environment,
        }
        self.webs = [self._web(number) for number in (0, 1)]
        self.workers = [self._worker(f"worker{number}") for number in (1, 2)]
        self.beat = self._kept("beat", ["celery", "-A", "portal", "beat", "--loglevel", "WARNING"])

    @property
    def all(self):
        return [*self.webs, *self.workers, self.beat]

    def _kept(self, name, command, **more):
        log = self.folder / "logs" / name
        environment = {**self.environment, **more, "KEPT_BY_DRILL": str(self.folder)}
        return Kept(name, command, environment, log)

    def _web(self, number):
        command = ["gunicorn", "portal.wsgi", "--workers", "2", "--graceful-timeout", "10"]
        command += ["--bind", f"{LOCALHOST}:{self.ports[number]}", "--log-level", "warning"]
        command += ["--control-socket", str(self.folder / f"web{number}.ctl")]
        return self._kept(f"web{number}", command)

    def _worker(self, name, **more):
        command = ["celery", "--quiet", "-A", "drills.crashing", "worker", "--concurrency", "2"]
        command += ["--queues", "portal,staging.local", "--hostname", f"{name}@drill"]
        command += ["--loglevel", "WARNING", "--without-mingle", "--without-gossip"]
        return self._kept(name, command, **more)

    def careless_worker(self, number):
        """A worker that does work without claiming it first; not started yet."""
        return self._worker(f"careless{number}", DRILL_WITHOUT_CLAIMS="1")

    def manage(self, *words):
        """Run a management command and return what it printed. Raises ServiceError."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise ServiceError(f"manage.py {' '.join(words)} failed: {done.stderr[-2000:]}")
        return done.stdout

    def start(self):
        """Make the database and start everything; returns when both web servers answer."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("createcachetable")
        # Half a minute of compressing, if it has not been done since the last change.
        self.manage("prepare", "--static")
        for one in self.all:
            one.start()
        deadline = time.monotonic() + READY_WITHIN
        while not all(_answers(url) for url in self.urls):
            if time.monotonic() > deadline:
                raise ServiceError(f"The portal did not start. Its logs are in {self.folder}/logs.")
            time.sleep(0.1)

    def stop(self):
        """Stop everything; returns what outlived it, which is then killed."""
        stopping = [threading.Thread(target=one.stop) for one in self.all]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        time.sleep(1)
        left = {pid: _about(pid) for pid in self._strays()}
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return list(left.values())

    def _strays(self):
        """Whatever works on this folder and is no longer a child of ours."""
        mark = f"KEPT_BY_DRILL={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                pid = int(entry.name)
                if pid != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield pid


def _about(pid):
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return f"{state} {command[:120]}"
    return "gone"


def _answers(url):
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False
