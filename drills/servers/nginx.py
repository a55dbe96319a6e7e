"""nginx in front of the portal's web processes, with the configuration that `deploy/` gives out."""

import re
import shutil
import string
import urllib.error
import urllib.request
from pathlib import Path

from drills.servers.services import LOCALHOST, Server, ServiceError, free_port

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "deploy" / "nginx.conf"
# What the machine's own nginx.conf says elsewhere: who runs it, and where its files are.
MAIN = """
user root;
daemon off;
# One process, so that nothing stays when the program that started it is killed.
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/portal.conf;
    {tls}
}}
"""
# What the manual has beside it where TLS ends.
MANUAL = (ROOT / "docs" / "operate.md").read_text()
TLS = re.search(r"cat >/etc/nginx/conf\.d/tls\.conf <<'EOF'\n(.*?)EOF", MANUAL, re.DOTALL)[1]


def _servers(addresses):
    return " ".join(f"server {address};" for address in addresses)


class Nginx(Server):
    """Passes what comes to `host`:`port` to the web processes at `addresses` ("host:port").

    `uploads` are the addresses of those that take uploads, if these are others.
    `max_upload_bytes` is the portal's MAX_UPLOAD_BYTES. With `certificate`, the paths of one and of
    its key, it speaks TLS and leads there from `http_port`. `start` does not wait for the portal.
    """

    name = "nginx"

    def __init__(
        self,
        folder,
        addresses,
        host=LOCALHOST,
        max_upload_bytes=4 * 1024**3,
        certificate=None,
        uploads=None,
    ):
        super().__init__(folder, host)
        self.addresses = addresses
        self.uploads = uploads or addresses
        self.max_upload_bytes = max_upload_bytes
        self.certificate = certificate
        self.http_port = free_port() if certificate else self.port

    def environment_at(self, host, port):
        return {"SITE_URL": f"http://{host}:{port}"}

    def command(self):
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if not program:
            raise ServiceError("nginx is missing. `bin/setup test` installs it.")
        return [program, "-e", "stderr", "-p", str(self.folder), "-c", "nginx.conf"]

    def prepare(self):
        tls = TLS if self.certificate else ""
        made, key = self.certificate or ("", "")
        for there, here in {
            "/etc/ssl/portal/fullchain.pem": made,
            "/etc/ssl/portal/privkey.pem": key,
            "/var/log/nginx": self.folder,
            "listen 80;": f"listen {self.host}:{self.http_port};",
        }.items():
            tls = tls.replace(there, str(here))
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder, tls=tls))
        words = {
            "LISTEN": f"{self.host}:{self.port}" + (" ssl" if self.certificate else ""),
            "WEB": _servers(self.addresses),
            "UPLOADS": _servers(self.uploads),
            "MAX_UPLOAD_BYTES": self.max_upload_bytes,
            "SCHEME": "$scheme",
        }
        template = string.Template(TEMPLATE.read_text())
        # nginx' own variables look the same; they are not among the words and stay.
        (self.folder / "portal.conf").write_text(template.safe_substitute(words))

    def answers(self):
        try:
            urllib.request.urlopen(f"http://{self.host}:{self.port}/healthz", timeout=5)
        except urllib.error.HTTPError:
            return True  # without the portal it answers 502, and 400 to http where TLS is spoken
        except OSError:
            return False
        return True
