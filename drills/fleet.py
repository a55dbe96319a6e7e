"""Several hosts in one machine: cut some off, bring them back, and see that nothing is lost.

    make proof ONLY=fleet   some minutes, as root

Two web hosts, two worker hosts, a host with the servers and one with nginx and the browser, each
with its own address and disk, run the very units and the nginx configuration of `deploy/`. While
hosts vanish and return, dentists on slow lines upload, and the journey of a case goes through a
browser. Then everything must be there, once. A control takes the hash out of nginx, and uploads
must then be refused.
"""

import os
import secrets
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from random import Random

import django

from drills.checks import Checks
from drills.servers.network import Network, NetworkError
from drills.servers.nginx import Nginx
from drills.servers.portal import ROOT, answers, manage, stop_all
from drills.servers.services import Services, tail, until
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
PASSWORD = "four-crowns-and-a-bridge"  # of tests/browser
READY_WITHIN = 300
HASH = "hash $upload consistent;"


class RoundRobin(Nginx):
    """The same nginx without the line that leads all requests of an upload to one host."""

    def prepare(self):
        super().prepare()
        path = self.folder / "portal.conf"
        text = path.read_text()
        assert HASH in text
        path.write_text(text.replace(HASH, ""))


class Fleet:
    """The hosts and what runs on them."""

    def __init__(self, network, folder: Path):
        self.network, self.folder = network, folder
        self.services = Services(folder / "services", network["data"].address, fast=True)
        for server in self.services.all:
            server.inside = tuple(network["data"].inside)
        front, hosts = network["front"].address, [network[host].address for host in UNITS]
        self.webs, self.uploads = (
            [f"{host}:{port}" for host in hosts[:2]] for port in (PORT, UPLOADS_PORT)
        )
        self.nginx = self.make_nginx(Nginx)
        self.url, self.name = f"http://{front}:{PORT}", front
        # The example of `deploy/`, with the addresses and secrets of this fleet.
        self.settings = {
            **settings_in((DEPLOY / "portal.env").read_text()),
            **self.services.environment,
            "SITE_URL": self.url,
            "ALLOWED_HOSTS": front,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "LAB_EMAIL": "cases@guidepost.example",
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(ROOT / "var" / "fleet-static"),
        }
        self.units = {}

    def make_nginx(self, kind):
        front = self.network["front"].address
        nginx = kind(self.folder / kind.__name__, self.webs, front, uploads=self.uploads)
        nginx.port = PORT
        return nginx

    def make_hosts(self):
        for host, names in UNITS.items():
            folder, machine = self.folder / host, self.network[host]
            (folder / "etc").mkdir(parents=True)
            own = settings_in((DEPLOY / "host.env").read_text())
            own |= {"STAGING_HOST": host, "BIND": f"{machine.address}:{PORT}"}
            own["UPLOADS_BIND"] = f"{machine.address}:{UPLOADS_PORT}"
            (folder / "etc" / "portal.env").write_text(as_file(self.settings))
            (folder / "etc" / "host.env").write_text(as_file(own))
            self.units[host] = [Unit(name, folder, machine.inside) for name in names]

    @property
    def all_units(self):
        return [unit for units in self.units.values() for unit in units]

    def staging(self, host):
        return self.folder / host / "lib" / "staging"

    def is_ready(self):
        from portal.models import Host

        known = set(Host.objects.values_list("name", flat=True))
        urls = [f"http://{address}" for address in self.webs + self.uploads]
        return known == set(HOSTS) and answers(urls, self.name)


def run(checks, network, folder):
    """Everything from the servers to the last count."""
    fleet = Fleet(network, folder)
    with fleet.services:
        os.environ.update(fleet.settings, DATA_DIR=str(folder / "office"), STAGING_HOST="office")
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        manage(os.environ, "prepare")
        manage(os.environ, "demo", "--password", PASSWORD)
        django.setup()
        from drills.trial import Trial

        fleet.make_hosts()
        trial = Trial(fleet, Random(1), checks)
        with fleet.nginx:
            try:
                for unit in fleet.all_units:
                    unit.start()
                ready = until(fleet.is_ready, READY_WITHIN)
                checks.check(ready, "all hosts are heard from")
                if ready:
                    trial.run()
            finally:
                for host in HOSTS:
                    network[host].thaw()
                killed = [str(unit.log) for unit in stop_all(fleet.all_units)]
        checks.check(not killed, f"units that did not end when asked to: {len(killed)}", *killed)
    if checks.failed:
        for unit in fleet.all_units:
            print(f"--- {unit.log}\n{tail(unit.log)}")


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    checks, folder = Checks(), Path(tempfile.mkdtemp(prefix="fleet-"))
    try:
        with Network(NUMBERS) as network:
            network["front"].enter()
            run(checks, network, folder)
    except NetworkError as problem:
        sys.exit(str(problem))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
