"""The portal on the embedded default, in a folder of its own, by the commands of the Procfile."""

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from honcho.environ import parse_procfile

from drills.servers.services import LOCALHOST, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 30


class EmbeddedPortal:
    """An empty portal; the processes in `names` run within `with portal.running()`.

    Besides those of the Procfile there is `uploads`, a second web process at `uploads_port`. `url`
    is where the portal answers, `environment` what its commands run in, to which `more` is added,
    `processes` what runs, by name, and `log` the file that all of them write to.
    """

    def __init__(self, folder, names=("broker", "web"), **more):
        self.folder = Path(folder)
        self.names = names
        self.port, self.uploads_port = free_port(), free_port()
        self.url = f"http://{LOCALHOST}:{self.port}"
        self.log = self.folder / "log"
        self.processes = {}
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATA_DIR": str(self.folder),
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(self.folder / "static"),
            "BIND": f"{LOCALHOST}:{self.port}",
            "SITE_URL": self.url,
            **more,
        }

    def manage(self, *words):
        command = [sys.executable, "manage.py", *words]
        subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.DEVNULL
        )

    @contextmanager
    def running(self):
        for words in (["migrate"], ["createcachetable"], ["prepare", "--static"]):
            self.manage(*words)
        commands = parse_procfile((ROOT / "Procfile").read_text()).processes
        bind = f"export BIND={LOCALHOST}:{self.uploads_port}; "
        commands["uploads"] = f"{bind}{commands['web']} --control-socket {self.folder}/uploads.ctl"
        try:
            with self.log.open("wb") as log:
                for name in self.names:
                    self.processes[name] = subprocess.Popen(
                        ["sh", "-c", commands[name]],
                        cwd=ROOT, env=self.environment, stdout=log, stderr=log,
                    )  # fmt: skip
            self._wait()
            yield self
        finally:
            for process in reversed(self.processes.values()):
                process.terminate()
            for process in self.processes.values():
                process.wait(STOP_SECONDS)

    def _wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.processes["web"].poll() is None:
            with suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/healthz", timeout=5).ok:
                    return
            time.sleep(0.1)
        sys.exit(f"The web server did not start. Nothing was measured.\n{self.log.read_text()}")
