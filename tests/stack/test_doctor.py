"""The doctor beside real servers: all well, and each of them gone or hanging in turn."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from django.conf import settings

from drills.servers.services import Services
from portal.management.commands import doctor

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("services")]
SECRET = "for-this-test-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP"
# Heard from until tomorrow: no worker runs here, and the tests take longer than its silence may.
HEARD = [
    "shell",
    "-c",
    "from portal.models import Host; from datetime import *;"
    "Host.heard_from(); Host.objects.update(heard_at=datetime.now(UTC) + timedelta(days=1))",
]


class Lab:
    """The settings of a lab in production, beside servers of its own."""

    def __init__(self, folder, services):
        self.services = services
        self.environment = {
            **os.environ,
            **services.environment,
            "DATA_DIR": str(folder / "data"),
            "MAX_UPLOAD_BYTES": "1000000",
            "DEBUG": "0",
            "SECRET_KEY": SECRET,
            "SITE_URL": "https://portal.example.com",
            "ALLOWED_HOSTS": "portal.example.com",
        }

    def manage(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def doctor(self, **environment):
        """What the doctor says: name of a check → its line, and the status."""
        done = self.manage("doctor", **environment)
        assert "Traceback" not in done.stderr, done.stderr
        lines = {line[7:20].strip(): line for line in done.stdout.splitlines()}
        return lines, done.returncode


@pytest.fixture(scope="module")
def lab():
    with (
        tempfile.TemporaryDirectory(prefix="doctor-") as folder,
        Services(Path(folder), fast=True) as services,
    ):
        lab = Lab(Path(folder), services)
        for command in (["migrate"], ["createcachetable"], ["prepare", "--static"], HEARD):
            done = lab.manage(*command)
            assert done.returncode == 0, done.stderr
        yield lab


def wrong(lines):
    return {name for name, line in lines.items() if line.startswith("WRONG")}


def test_a_portal_in_good_health_has_an_ok_on_each_line(lab):
    lines, code = lab.doctor()
    assert (wrong(lines), code) == (set(), 0), lines
    assert lines["database"].startswith("OK     database      PostgreSQL 1")
    assert lines["clock"].endswith("s apart")
    assert lines["storage"].endswith("written, read back, deleted")
    assert len(lines) == 17
    left = lab.services.storage.client().list_objects_v2(Bucket="cases", Prefix="checks/")
    assert left["KeyCount"] == 0


@pytest.mark.parametrize(
    ("server", "names", "says"),
    [
        ("database", {"database", *doctor.IN_THE_DATABASE}, "Start it, or correct DATABASE_URL."),
        ("broker", {"broker"}, "Start Valkey or Redis, or correct CELERY_BROKER_URL."),
        ("storage", {"storage"}, "S3_…"),
        ("mail", {"mail server"}, "Correct EMAIL_URL, or look after the server."),
    ],
)
def test_a_server_that_hangs_is_named_and_the_others_are_looked_at(lab, server, names, says):
    getattr(lab.services, server).pause()
    lines, code = lab.doctor()
    getattr(lab.services, server).resume()
    assert (wrong(lines), code) == (names, 1), lines
    assert says in " ".join(lines[name] for name in names)


def test_all_servers_gone_at_once_are_told(lab):
    for server in lab.services.all:
        server.kill()
    lines, code = lab.doctor()
    lab.services.start()
    dependencies = {"database", "broker", "storage", "mail server"}
    assert (wrong(lines), code) == (dependencies | doctor.IN_THE_DATABASE, 1), lines


def test_wrong_settings_are_named_with_what_to_do(lab):
    lines, code = lab.doctor(
        SITE_URL="http://portal.example.com",
        DEBUG="1",
        SECRET_KEY="short",
        S3_SECRET_ACCESS_KEY="guess",
        STAGING_DIR="/dev/null/staging",
        STATIC_ROOT="/nonexistent",
    )
    says = {
        "site address": "Set it to the https:// address",
        "settings": "security.W009",
        "storage": "The storage answered 403",
        "disk": "cannot be written to (Not a directory)",
        "static files": "Run: manage.py collectstatic",
    }
    assert (wrong(lines), code) == (set(says), 1), lines
    for name, words in says.items():
        assert words in lines[name]
    assert "security.W018" in lines["settings"]
    assert "guess" not in " ".join(lines.values())


def test_a_disk_without_room_for_one_upload_is_named(lab):
    lines, _ = lab.doctor(MAX_UPLOAD_BYTES=str(10**18))
    assert wrong(lines) == {"disk"}
    assert "less than one of MAX_UPLOAD_BYTES" in lines["disk"]


def test_an_empty_database_is_named_and_nothing_crashes(lab, tmp_path):
    lines, _ = lab.doctor(DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
    assert wrong(lines) == {"migrations", "cache table", "limits", "workers", "second step"}


def test_a_worker_that_fell_silent_is_named(lab):
    late = (
        "from portal.models import Host; from datetime import *;"
        "Host.objects.update(heard_at=datetime.now(UTC) - timedelta(hours=1))"
    )
    lab.manage("shell", "-c", late)
    lines, _ = lab.doctor()
    lab.manage(*HEARD)
    assert wrong(lines) == {"workers"}
    assert "Not heard from for a while: local." in lines["workers"]
