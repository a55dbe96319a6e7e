"""The systemd units of `deploy/`, run without systemd: the same commands, the same environment."""

import os
import re
import shlex
import signal
import subprocess
import threading
import time
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
DEPLOY = BASE_DIR / "deploy"
# What systemd gives to a service.
BARE = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def settings_in(text: str) -> dict[str, str]:
    """The variables of an environment file."""
    return dict(word.split("=", 1) for word in shlex.split(text, comments=True))


def as_file(settings: dict[str, str]) -> str:
    """The text of an environment file."""
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items())


class Unit:
    """One unit on one machine.

    `folder` stands for that machine's disk: etc/ for /etc/guidepost, lib/ for /var/lib/guidepost.
    `inside` are the words that lead to the machine.
    """

    def __init__(self, name: str, folder: Path, inside: list[str]):
        self.name = name
        self.folder = folder
        self.inside = inside
        self.log = folder / f"{name}.log"
        self.starts = 0
        self._wanted = threading.Event()
        self._process = None
        text = (DEPLOY / f"guidepost-{name}.service").read_text()
        for before, here in {
            "/srv/guidepost": BASE_DIR,
            "/etc/guidepost": folder / "etc",
            "/var/lib/guidepost": folder / "lib",
        }.items():
            text = text.replace(before, str(here))
        self._lines = re.sub(r"\\\n\s*", "", text).splitlines()

    def values(self, name: str) -> list[str]:
        """What the unit says about `name`, in the order of its lines."""
        lines = (line.partition("=") for line in self._lines)
        return [value for key, _, value in lines if key == name]

    @property
    def environment(self) -> dict[str, str]:
        found = dict(BARE)
        for line in self.values("Environment"):
            found |= settings_in(line)
        for path in self.values("EnvironmentFile"):
            found |= settings_in(Path(path).read_text())
        return found

    def command(self) -> list[str]:
        """ExecStart with its variables filled in. Raises ValueError on what is not known here."""
        (line,) = self.values("ExecStart")
        if odd := re.search(r"%[^%]|\$[^{]", line.replace("%%", "")):
            raise ValueError(f"{self.name}: {odd[0]} in ExecStart is not known here")
        environment = self.environment
        words = shlex.split(line.replace("%%", "%"))
        return [re.sub(r"\$\{(\w+)\}", lambda one: environment[one[1]], word) for word in words]

    def start(self) -> None:
        """Run it, and again each time it ends, when the unit says so; `starts` counts."""
        (self.folder / "lib").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._wanted.set()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self):
        while self._wanted.is_set():
            self.starts += 1
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    # The kernel ends it with this thread, so with us.
                    [*self.inside, "setpriv", "--pdeathsig", "KILL", *self.command()],
                    cwd=self.values("WorkingDirectory")[0],
                    env=self.environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self._process.wait()
            if self.values("Restart") != ["always"]:
                return
            time.sleep(float(self.values("RestartSec")[0]))

    def stop(self) -> bool:
        """Ask its parent process to end, as systemd does; False when it had to be killed."""
        self._wanted.clear()
        if self._process is None or self._process.poll() is not None:
            return True
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(int(self.values("TimeoutStopSec")[0]))
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            return False
        return True

    def log_tail(self, lines: int = 12) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
