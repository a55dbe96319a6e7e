"""The portal as production has it: under its name, by TLS, behind nginx, with a files host."""

import subprocess
from pathlib import Path

from drills.servers.nginx import Nginx
from drills.servers.portal import Portal
from tests.browser.stack import PASSWORD

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


class Production:
    """nginx and web process; `ports` are those of http and https, `ca` is whom to trust."""

    def __init__(self, folder: Path):
        self.web = Portal(
            folder / "web",
            others=(),
            SITE_URL=f"https://{PORTAL}",
            FILES_URL=f"https://{FILES}",
            ALLOWED_HOSTS=PORTAL,
            PROXIES="1",
        )
        self.nginx = Nginx(
            folder / "nginx",
            self.web.addresses,
            certificate=make_certificate(folder, PORTAL, FILES),
        )
        self.ca = folder / "ca.pem"
        self.certificate = folder / "cert.pem"

    @property
    def ports(self):
        return self.nginx.http_port, self.nginx.port

    def __enter__(self):
        self.web.start()
        self.web.manage("shell", "-v0", "-c", FILL)
        self.nginx.start()
        return self

    def __exit__(self, *problem):
        self.nginx.stop()
        self.web.stop()
