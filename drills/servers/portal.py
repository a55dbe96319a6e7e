"""The portal's own processes, by the commands of the Procfile, each started again when it ends."""

import json
import os
import random
import shlex
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests
from honcho.environ import parse_procfile

from drills.servers.services import (
    LOCALHOST,
    MORTAL,
    ServiceError,
    family_of,
    free_port,
    launch,
    signal_all,
    tail,
    until,
)
from portal import terminal

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
            words = [*self.inside, *MORTAL, *self.command]
            self._process = launch(words, self.log, cwd=self.cwd, env=self.environment)
            self.starts += 1
            self._process.wait()
            self._ended.wait(self.restart_after)

    @property
    def family(self):
        """The ids of the process and its descendants, none while it does not run."""
        process = self._process
        return family_of(process.pid) if process and process.poll() is None else []

    def send(self, number):
        signal_all(self.family[:1], number)

    def kill_a_child(self, rng: random.Random):
        """Kill one of its processes at once; False when it has none just now."""
        children = self.family[1:]
        if children:
            signal_all([rng.choice(children)], signal.SIGKILL)
        return bool(children)

    def stop(self) -> bool:
        """Ask it to end; False when it had to be killed."""
        self._ended.set()
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        self._thread.join(self.stopped_within)
        if ended := not self._thread.is_alive():
            return ended
        signal_all(self.family, signal.SIGKILL)
        self._thread.join()
        return False


def stop_all(kept) -> list[Kept]:
    """Stop these at the same time; those that had to be killed."""
    with ThreadPoolExecutor(len(kept)) as together:
        ended = list(together.map(Kept.stop, kept))
    return [one for one, well in zip(kept, ended, strict=True) if not well]


def manage(environment, *words):
    """Run a management command and return what it printed. Raises ServiceError."""
    done = subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ServiceError(f"manage.py {' '.join(words)}: {done.stdout}{done.stderr[-2000:]}")
    return done.stdout


def answers(urls, name):
    """Whether all web processes answer by the name that people use, and by no other."""
    try:
        found = [requests.get(f"{url}/healthz", headers={"Host": name}, timeout=5) for url in urls]
    except requests.RequestException:
        return False
    return all(answer.ok for answer in found)


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
            **terminal.environment_with_programs(),
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
        return manage(self.environment, *words)

    def move_in(self, members=1):
        """A practice with members; the key of its dentist, and a session key of each member."""
        asked = "import json; from drills.people import move_in; "
        asked += f"print(json.dumps(move_in({members})))"
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
        name = self.environment.get("ALLOWED_HOSTS", "localhost").partition(",")[0]
        if not until(lambda: answers(self.urls, name), READY_WITHIN):
            self.stop()
            tails = [tail(one.log) for one in self.kept.values()]
            raise ServiceError("\n".join(["The portal did not start.", *tails]))

    def stop(self):
        stop_all([*self.kept.values()])

    @contextmanager
    def running(self):
        self.start()
        try:
            yield self
        finally:
            self.stop()
