"""What the dump leaves to PostgreSQL's programs; `cases/tests/test_backup.py` has the rest."""

import os

import pytest
from django.db import connection

from cases.backup import database

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only"),
]


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A function that installs a PostgreSQL of some versions, and no other."""
    monkeypatch.setattr(database, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    def install(*versions):
        for version in versions:
            path = tmp_path / str(version) / "bin" / "pg_dump"
            path.parent.mkdir(parents=True)
            path.write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.2'\n")
            path.chmod(0o755)

    return install


def test_a_missing_program_is_a_sentence(programs):
    with pytest.raises(database.DumpFailed, match=r"none was found.*install postgresql-client-\d+"):
        database.check_programs()


def test_one_that_is_older_than_the_server_is_not_used(programs):
    programs(9)
    with pytest.raises(database.DumpFailed, match=r"here is only 9\. Nothing was done"):
        database.check_programs()


def test_the_nearest_that_is_not_older_is_used(programs):
    server = connection.pg_version // 10000
    programs(9, server, server + 1)
    assert f"/{server}/" in database._program("pg_dump")


def test_the_password_is_in_the_environment_and_in_no_argument(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret")
    arguments, environment = database._connection(["--quiet"])
    assert "s3cret" not in " ".join(arguments)
    assert environment["PGPASSWORD"] == "s3cret"
    assert "PGPASSWORD" not in os.environ
