"""The portal as production has it: under its name, by TLS, behind nginx, with a files host."""

import os
import subprocess
import sys
from pathlib import Path

import requests

from drills.servers.nginx import Nginx
from drills.servers.services import LOCALHOST, Server
from tests.browser.stack import BASE_DIR, PASSWORD

PORTAL, FILES = "portal.example.com", "files.example.com"
DENTIST = "dana@harbor.example"
FILL = f"""
from accounts.models import Dentist, Practice, User
practice = Practice.objects.create(name="Harbor", email="front@harbor.example")
Dentist.objects.create(practice=practice, name="Dr. Dana", license_number="1", license_state="ME")
User.objects.create_user("{DENTIST}", "{PASSWORD}", name="Dana Demo", practice=practice)
"""


def _openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names and its key; `folder`/ca.pem is who signed it."""
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=A CA of our own", "-addext", "keyUsage=critical,keyCertSign"]
    _openssl(folder, "req", "-x509", *curve, *subject, "-keyout", "ca.key", "-out", "ca.pem")
    alternatives = ",".join(f"DNS:{name}" for name in names)
    own = ["-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}"]
    own += ["-addext", "basicConstraints=critical,CA:FALSE", "-CA", "ca.pem", "-CAkey", "ca.key"]
    _openssl(folder, "req", "-x509", *curve, *own, "-keyout", "key.pem", "-out", "cert.pem")
    return folder / "cert.pem", folder / "key.pem"


class Web(Server):
    """The web process alone, as its unit starts it."""

    name = "web"

    def extra_environment(self):
        return {
            "BIND": f"{self.host}:{self.port}",
            "DATA_DIR": str(self.folder),
            "STATIC_ROOT": os.environ.get("STATIC_ROOT") or str(self.folder / "static"),
            "SITE_URL": f"https://{PORTAL}",
            "FILES_URL": f"https://{FILES}",
            "ALLOWED_HOSTS": PORTAL,
            "PROXIES": "1",
            "PYTHONPATH": str(BASE_DIR),
        }

    def command(self):
        gunicorn = Path(sys.executable).with_name("gunicorn")
        words = ["--config", str(BASE_DIR / "gunicorn.conf.py"), "--workers", "1"]
        words += ["--bind", f"{self.host}:{self.port}", "--control-socket", "gunicorn.ctl"]
        return [str(gunicorn), "portal.wsgi", *words]

    def prepare(self):
        self.manage("prepare", "--static")
        self.manage("migrate", "-v0")
        self.manage("createcachetable", "-v0")
        self.manage("shell", "-v0", "-c", FILL)

    def manage(self, *words):
        environment = {**os.environ, **self.extra_environment()}
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def answers(self):
        try:
            address, name = f"http://{self.host}:{self.port}/healthz", {"Host": PORTAL}
            return requests.get(address, headers=name, timeout=5).ok
        except requests.ConnectionError:
            return False


class Production:
    """nginx and web process; `ports` are those of http and https, `ca` is whom to trust."""

    def __init__(self, folder: Path):
        self.web = Web(folder / "web")
        self.nginx = Nginx(
            folder / "nginx",
            [f"{LOCALHOST}:{self.web.port}"],
            certificate=make_certificate(folder, PORTAL, FILES),
        )
        self.ca = folder / "ca.pem"
        self.certificate = folder / "cert.pem"

    @property
    def ports(self):
        return self.nginx.http_port, self.nginx.port

    def __enter__(self):
        self.web.start()
        self.nginx.start()
        return self

    def __exit__(self, *problem):
        self.nginx.stop()
        self.web.stop()
