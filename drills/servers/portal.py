"""The portal's own processes, by the commands of the Procfile, each started again when it ends."""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from honcho.environ import parse_procfile

from drills.servers.services import LOCALHOST, ServiceError, family_of, free_port, until

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN = 90
STOPPED_WITHIN = 30
RESTART_AFTER = 0.3


class Kept:
    """A process that is kept running until `stop`, as systemd does; `starts` counts.

    `inside` are the words before its command that lead to another machine.
    """

    restart_after = RESTART_AFTER
    stopped_within = STOPPED_WITHIN
    inside: tuple[str, ...] = ()
    cwd = ROOT

    def __init__(self, name, command, environment, log):
        self.name, self.command, self.environment, self.log = name, command, environment, log
        self.starts = 0
        self._ended = threading.Event()
        self._process = None
        # The kernel ends the process with the thread that started it, which lives as long as we.
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self):
        self._thread.start()

    def _keep(self):
        while not self._ended.is_set():
            with open(self.log, "ab") as log:
                self._process = subprocess.Popen(
                    [*self.inside, "setpriv", "--pdeathsig", "KILL", *self.command],
                    cwd=self.cwd,
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.starts += 1
            self._process.wait()
            self._ended.wait(self.restart_after)

    @property
    def pid(self):
        process = self._process
        return process.pid if process and process.poll() is None else None

    @property
    def family(self):
        return family_of(self.pid) if self.pid else []

    def send(self, number, pids=None):
        """A signal to the process itself, or to these of its family."""
        for pid in [self.pid] if pids is None else pids:
            with suppress(ProcessLookupError, TypeError):  # it has just ended
                os.kill(pid, number)

    def kill_a_child(self, rng: random.Random):
        """Kill one of its processes at once; False when it has none just now."""
        children = self.family[1:]
        if children:
            self.send(signal.SIGKILL, [rng.choice(children)])
        return bool(children)

    def stop(self) -> bool:
        """Ask it to end; False when it had to be killed."""
        self._ended.set()
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        self._thread.join(self.stopped_within)
        if ended := not self._thread.is_alive():
            return ended
        self.send(signal.SIGKILL, self.family)
        self._thread.join()
        return False

    def log_tail(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def commands(folder: Path, ports: dict[str, int], workers: int = 1) -> dict[str, str]:
    """Name and shell command of each process, with a web process at each of `ports`, by name."""
    found = parse_procfile((ROOT / "Procfile").read_text()).processes
    web, worker = found.pop("web"), found.pop("worker")
    for name, port in ports.items():
        control = shlex.quote(str(folder / f"{name}.ctl"))
        found[name] = f"export BIND={LOCALHOST}:{port}; {web} --control-socket {control}"
    for number in range(1, workers + 1):
        found[f"worker{number}"] = f"{worker} --hostname worker{number}@%h"
    return found


class Portal:
    """An empty portal over one folder, with these web processes and those in `others`.

    `urls` are where they answer, `environment` what all commands run in, to which `more` is added,
    `kept` what runs, by name.
    """

    workers = 1

    def __init__(self, folder, webs=("web",), others=("broker",), **more):
        self.folder = Path(folder)
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self.webs, self.others = webs, others
        self.ports = {name: free_port() for name in webs}
        self.addresses = [f"{LOCALHOST}:{port}" for port in self.ports.values()]
        self.urls = [f"http://{address}" for address in self.addresses]
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATA_DIR": str(self.folder),
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(self.folder / "static"),
            "SITE_URL": self.urls[0],
            **more,
        }
        self.kept = {}

    def commands(self):
        return commands(self.folder, self.ports, self.workers)

    def keep(self, name, command, **more):
        """A process of this portal; not started yet."""
        environment = {**self.environment, **more}
        return Kept(name, ["sh", "-c", command], environment, self.folder / "logs" / name)

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

    def move_in(self, members=1):
        """A practice with members; the key of its dentist, and a session key of each member."""
        asked = (
            f"import json; from drills.people import move_in; print(json.dumps(move_in({members})))"
        )
        return json.loads(self.manage("shell", "-v", "0", "-c", asked).splitlines()[-1])

    def start(self):
        """Make the database and start everything; returns when all web processes answer."""
        self.manage("migrate", "--verbosity", "0")
        self.manage("createcachetable")
        # Half a minute of compressing, if it has not been done since the last change.
        self.manage("prepare", "--static")
        found = self.commands()
        self.kept = {name: self.keep(name, found[name]) for name in [*self.others, *self.webs]}
        for one in self.kept.values():
            one.start()
        if not until(self._answers, READY_WITHIN):
            self.stop()
            tails = [one.log_tail() for one in self.kept.values()]
            raise ServiceError("\n".join(["The portal did not start.", *tails]))

    def _answers(self):
        # By the name that people use: the portal answers to no other.
        name = self.environment.get("ALLOWED_HOSTS", "localhost").partition(",")[0]
        try:
            return all(
                requests.get(f"{url}/healthz", headers={"Host": name}, timeout=5).ok
                for url in self.urls
            )
        except requests.RequestException:
            return False

    def stop(self):
        stopping = [threading.Thread(target=one.stop) for one in self.kept.values()]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()

    @contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()
