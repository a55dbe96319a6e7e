"""The fleet: hosts on a network, each with the units of `deploy/` that belong on it."""

import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drills.servers.nginx import Nginx
from drills.servers.portal import ROOT
from drills.servers.services import Services
from drills.servers.units import DEPLOY, Unit, as_file, settings_in

NUMBERS = {"front": 2, "data": 5, "web1": 11, "web2": 12, "work1": 21, "work2": 22}
UNITS = {
    "web1": ["web", "uploads", "staging"],
    "web2": ["web", "uploads", "staging"],
    "work1": ["worker", "beat"],
    "work2": ["worker"],
}
HOSTS = list(UNITS)
PORT, UPLOADS_PORT = 8000, 8001


class RoundRobin(Nginx):
    """The same nginx without the line that leads all requests of an upload to one host."""

    def prepare(self):
        super().prepare()
        path = self.folder / "portal.conf"
        text = path.read_text()
        without = text.replace("hash $upload consistent;", "")
        if without == text:
            sys.exit("deploy/nginx.conf has no hash to take out: the control cannot be made.")
        path.write_text(without)


class Fleet:
    """The hosts and what runs on them."""

    def __init__(self, network, folder: Path):
        self.network, self.folder = network, folder
        self.services = Services(folder / "services", network["data"].address, fast=True)
        for server in self.services.all:
            server.inside = tuple(network["data"].inside)
        self.nginx = self.make_nginx(Nginx)
        self.units = {}
        self.settings = self._settings()

    def make_nginx(self, kind):
        hosts = [self.network[host].address for host in ("web1", "web2")]
        webs, uploads = ([f"{host}:{port}" for host in hosts] for port in (PORT, UPLOADS_PORT))
        front = self.network["front"].address
        nginx = kind(self.folder / kind.__name__, webs, front, uploads=uploads)
        nginx.port = PORT
        return nginx

    @property
    def url(self):
        return f"http://{self.network['front'].address}:{PORT}"

    def _settings(self):
        """The example of `deploy/`, with the addresses and secrets of this fleet."""
        return {
            **settings_in((DEPLOY / "portal.env").read_text()),
            **self.services.environment,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": self.network["front"].address,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LAB_EMAIL": "cases@guidepost.example",
            # Half a minute of compressing, if it has not been done since the last change.
            "STATIC_ROOT": str(ROOT / "var" / "fleet-static"),
        }

    def manage(self, *words):
        """Run a management command on the host of nginx, which has the settings too."""
        environment = {**os.environ, **self.settings, "DATA_DIR": str(self.folder / "office")}
        command = [sys.executable, "manage.py", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"manage.py {words[0]} failed:\n{done.stdout}{done.stderr}")

    def make_hosts(self):
        for host in HOSTS:
            folder = self.folder / host
            (folder / "etc").mkdir(parents=True)
            own = settings_in((DEPLOY / "host.env").read_text())
            address = self.network[host].address
            own |= {"STAGING_HOST": host, "BIND": f"{address}:{PORT}"}
            own["UPLOADS_BIND"] = f"{address}:{UPLOADS_PORT}"
            (folder / "etc" / "portal.env").write_text(as_file(self.settings))
            (folder / "etc" / "host.env").write_text(as_file(own))
            inside = self.network[host].inside
            self.units[host] = [Unit(name, folder, inside) for name in UNITS[host]]

    def start_hosts(self):
        for unit in self.all_units():
            unit.start()

    def all_units(self):
        return [unit for units in self.units.values() for unit in units]

    def stop_hosts(self):
        """Stop all units; the names of those that had to be killed."""
        units = self.all_units()
        with ThreadPoolExecutor(len(units)) as together:
            stopped = list(together.map(Unit.stop, units))
        return [unit.log.name for unit, well in zip(units, stopped, strict=True) if not well]

    def staging(self, host):
        return self.folder / host / "lib" / "staging"
