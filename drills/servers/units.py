"""The systemd units of `deploy/`, run without systemd: the same commands, the same environment."""

import re
import shlex
from pathlib import Path

from drills.servers.portal import ROOT, STOPPED_WITHIN, Kept

DEPLOY = ROOT / "deploy"
COMMON = DEPLOY / "guidepost-.service.d" / "common.conf"
# What systemd gives to a service.
BARE = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def settings_in(text: str) -> dict[str, str]:
    """The variables of an environment file."""
    return dict(word.split("=", 1) for word in shlex.split(text, comments=True))


def as_file(settings: dict[str, str]) -> str:
    """The text of an environment file."""
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items())


class Unit(Kept):
    """One unit on one machine.

    `folder` stands for that machine's disk: etc/ for /etc/guidepost, lib/ for /var/lib/guidepost.
    `inside` are the words that lead to the machine.
    """

    def __init__(self, name: str, folder: Path, inside: list[str]):
        text = (DEPLOY / f"guidepost-{name}.service").read_text() + COMMON.read_text()
        for before, here in {
            "/srv/guidepost": ROOT,
            "/etc/guidepost": folder / "etc",
            "/var/lib/guidepost": folder / "lib",
        }.items():
            text = text.replace(before, str(here))
        self._lines = re.sub(r"\\\n\s*", "", text).splitlines()
        environment = self._environment()
        super().__init__(name, self._command(environment), environment, folder / f"{name}.log")
        self.inside = tuple(inside)
        self.cwd = self.values("WorkingDirectory")[0]
        # A unit of a timer has neither.
        self.restart_after = float((self.values("RestartSec") or [0])[0])
        self.stopped_within = int((self.values("TimeoutStopSec") or [STOPPED_WITHIN])[0])
        (folder / "lib").mkdir(mode=0o700, parents=True, exist_ok=True)

    def values(self, name: str) -> list[str]:
        """What the unit says about `name`, in the order of its lines."""
        lines = (line.partition("=") for line in self._lines)
        return [value for key, _, value in lines if key == name]

    def _environment(self) -> dict[str, str]:
        found = dict(BARE)
        for line in self.values("Environment"):
            found |= settings_in(line)
        for path in self.values("EnvironmentFile"):
            found |= settings_in(Path(path).read_text())
        return found

    def _command(self, environment) -> list[str]:
        """ExecStart with its variables filled in. Raises ValueError on what is not known here."""
        (line,) = self.values("ExecStart")
        if odd := re.search(r"%[^%]|\$[^{]", line.replace("%%", "")):
            raise ValueError(f"{odd[0]} in ExecStart is not known here")
        words = shlex.split(line.replace("%%", "%"))
        return [re.sub(r"\$\{(\w+)\}", lambda one: environment[one[1]], word) for word in words]
