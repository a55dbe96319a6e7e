"""nginx with TLS, by the lines that docs/operate.md gives out."""

import http.client
import re
import socket
import ssl

import pytest

from drills.servers.nginx import Nginx
from drills.servers.services import certificate


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    made = certificate(tmp_path_factory.mktemp("certificate"), "IP:127.0.0.1")
    folder = tmp_path_factory.mktemp("nginx")
    with Nginx(folder, ["127.0.0.1:9"], certificate=made) as nginx:
        yield nginx


def shake_hands(nginx, **limits):
    """Version and cipher suite that are agreed on by a client which knows all that we do."""
    context = ssl.create_default_context(cafile=nginx.certificate[0])
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(limits.pop("ciphers", "ALL:@SECLEVEL=0"))
    for name, value in limits.items():
        setattr(context, name, value)
    with (
        socket.create_connection(("127.0.0.1", nginx.port), timeout=20) as line,
        context.wrap_socket(line, server_hostname="127.0.0.1") as safe,
    ):
        return safe.version(), safe.cipher()[0]


def test_browsers_get_the_newest_version(nginx):
    assert shake_hands(nginx)[0] == "TLSv1.3"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_versions_before_1_2_are_refused(nginx):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(nginx, maximum_version=ssl.TLSVersion.TLSv1_1)


def test_old_talks_stay_secret_and_are_not_changed(nginx):
    version, suite = shake_hands(nginx, maximum_version=ssl.TLSVersion.TLSv1_2)
    assert version == "TLSv1.2"
    assert re.match(r"ECDHE-.*(GCM|CHACHA20)", suite)


@pytest.mark.parametrize("weak", ["AES256-GCM-SHA384", "ECDHE+AES:!AESGCM:!AESCCM", "aNULL"])
def test_weak_suites_are_refused(nginx, weak):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        shake_hands(nginx, ciphers=f"{weak}:@SECLEVEL=0", maximum_version=ssl.TLSVersion.TLSv1_2)


@pytest.mark.parametrize(
    ("path", "status"), [("/cases/", 301), ("/files/1", 403), ("/metrics", 403)]
)
def test_people_are_led_to_https_and_programs_are_refused(nginx, path, status):
    line = http.client.HTTPConnection("127.0.0.1", nginx.http_port, timeout=20)
    line.request("GET", path, headers={"Host": "portal.example.com"})
    answer = line.getresponse()
    line.close()
    assert answer.status == status
    where = "https://portal.example.com/cases/" if status == 301 else None
    assert answer.headers["Location"] == where


def test_what_somebody_searched_for_gets_into_no_log(nginx):
    context = ssl.create_default_context(cafile=nginx.certificate[0])
    line = http.client.HTTPSConnection("127.0.0.1", nginx.port, timeout=20, context=context)
    line.request("GET", "/cases/?q=Quillfeather")
    assert line.getresponse().status == 502  # nobody is behind it
    line.close()
    assert all("Quillfeather" not in log.read_text() for log in nginx.folder.glob("*.log"))
