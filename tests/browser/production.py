"""The portal as production has it: under its name, by TLS, behind nginx, with a files host."""

from pathlib import Path

from drills.servers.nginx import Nginx
from drills.servers.portal import Portal
from drills.servers.services import certificate
from tests.browser.stack import PASSWORD

PORTAL, FILES = "portal.example.com", "files.example.com"
DENTIST = "dana@harbor.example"
FILL = f"""
from accounts.models import Dentist, Practice, User
practice = Practice.objects.create(name="Harbor", email="front@harbor.example")
Dentist.objects.create(practice=practice, name="Dr. Dana", license_number="1", license_state="ME")
User.objects.create_user("{DENTIST}", "{PASSWORD}", name="Dana Demo", practice=practice)
"""


class Production:
    """nginx and web process; `ports` are those of http and https, `certificate` is trusted."""

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
            certificate=certificate(folder, f"DNS:{PORTAL}", f"DNS:{FILES}"),
        )
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
