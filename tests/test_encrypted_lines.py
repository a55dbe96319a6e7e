"""A database on another machine is spoken to as its address says: encrypted, and with no other."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from drills.servers.services import Postgres, certificate

ASK = """
import django
django.setup()
from cases.backup import database
from portal.management.commands import doctor
print(doctor.database())
print(database._connection([])[1]["PGSSLMODE"])
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgres")
    folder.chmod(0o755)
    server = Postgres(folder, fast=True)
    server.prepare()
    made, key = certificate(server.data, "IP:127.0.0.1")
    if os.getuid() == 0:
        for path in (made, key):
            os.chown(path, server.data.stat().st_uid, -1)
    with (server.data / "postgresql.conf").open("a") as conf:
        conf.write(f"ssl = on\nssl_cert_file = '{made}'\nssl_key_file = '{key}'\n")
    with server:
        yield server


def ask(server, tmp_path, authority):
    url = f"{server.environment['DATABASE_URL']}?sslmode=verify-full&sslrootcert={authority}"
    own = {"DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=settings.BASE_DIR,
        env={**os.environ, **own, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )


def test_the_portal_and_its_backup_speak_to_the_database_as_the_address_says(server, tmp_path):
    done = ask(server, tmp_path, server.data / "cert.pem")
    assert re.fullmatch(r"PostgreSQL [\d.]+, by TLS\nverify-full\n", done.stdout), done.stderr


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(server, tmp_path):
    stranger, _ = certificate(tmp_path, "IP:127.0.0.1")
    done = ask(server, tmp_path, stranger)
    assert done.returncode == 1
    assert "The database does not answer" in done.stderr
    assert "certificate verify failed" in done.stderr
