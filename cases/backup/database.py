"""The whole database as one file: taken from one moment, put back in one transaction.

PostgreSQL is dumped by `pg_dump -Fc` in a snapshot that this process exports, so that the rows
read inside `moment()` and those in the file are the same; SQLite by its online backup, from a
connection that stands in a read transaction. Neither keeps anybody from writing meanwhile.
Passwords go to PostgreSQL's programs through the environment, where no other user sees them.
"""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from django.db import connection, transaction

DEBIAN = Path("/usr/lib/postgresql")
BLOCK = 1024**2
DATABASE_UNAVAILABLE = "The database stopped answering. Please start again when it is back."


class DumpFailed(Exception):
    """The database could not be dumped or put back; the text is a sentence."""


@contextmanager
def moment():
    """One moment of the database: queries inside see its rows, however long they take.

    Yields a function that dumps the same moment into the file `path`, which must not be there.
    Call outside of any transaction. Raises DumpFailed.
    """
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_export_snapshot()")
            yield partial(_dump_postgresql, cursor.fetchone()[0])
    else:
        with connection.cursor() as cursor:
            # Not atomic(), which takes SQLite's one right to write and keeps it.
            cursor.execute("BEGIN DEFERRED")
            try:
                cursor.execute("SELECT count(*) FROM sqlite_master")
                yield _dump_sqlite
            finally:
                cursor.execute("ROLLBACK")


def load(path, then):
    """Replace all that is in the database by the dump `path`, and run the SQL statements `then`.

    It happens wholly or not at all. Raises DumpFailed.
    """
    load_here = _load_postgresql if connection.vendor == "postgresql" else _load_sqlite
    load_here(Path(path), then)
    connection.close()


def check_programs():
    """Raise DumpFailed when a program that dumping or loading needs is missing."""
    if connection.vendor == "postgresql":
        for name in ("pg_dump", "pg_restore", "psql"):
            _program(name)


def _dump_sqlite(path):
    _make_private(path)
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        # One file, without the journal beside it that the portal's own database has.
        copy.execute("PRAGMA journal_mode = DELETE")


def _load_sqlite(path, then):
    target = connection.settings_dict["NAME"]
    connection.close()
    with tempfile.TemporaryDirectory(dir=Path(target).parent) as folder:
        prepared = Path(folder) / "database"
        shutil.copyfile(path, prepared)
        try:
            with closing(sqlite3.connect(prepared)) as source:
                with source:
                    for statement in then:
                        source.execute(statement)
                with closing(sqlite3.connect(target)) as database:
                    source.backup(database)
        except sqlite3.Error as problem:
            raise DumpFailed(
                f"SQLite could not put the database back ({problem}). It is as it was before."
            ) from problem


def _dump_postgresql(snapshot, path):
    program = _program("pg_dump")
    _make_private(path)
    options = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={path}"]
    result = _run(program, options)
    if result.returncode:
        last = result.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise DumpFailed(f"pg_dump ended with an error: {' '.join(last) or result.returncode}")


def _load_postgresql(path, then):
    """Let psql run one script: drop what is there, all that pg_restore writes, then `then`.

    COMMIT is written only after pg_restore ended well, so whatever stops on the way leaves the
    database as it was.
    """
    restore, psql = _program("pg_restore"), _program("psql")
    # Of an error psql says the code only: the rest may quote a row, and with it a patient.
    quiet = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1"]
    quiet += ["--set=VERBOSITY=sqlstate", "--set=SHOW_CONTEXT=never", "--output=/dev/null"]
    arguments, environment = _connection(quiet)
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603  our own program and settings
            [psql, *arguments], env=environment, stdin=subprocess.PIPE, stderr=errors
        )
        try:
            whole = _feed(process.stdin, restore, path, then)
        except BrokenPipeError:
            whole = False
        _close(process.stdin)
        if process.wait() or not whole:
            errors.seek(0)
            said = errors.read(2000).decode(errors="replace").strip().splitlines()
            raise DumpFailed(
                "PostgreSQL could not put the database back "
                f"({said[-1] if said else 'pg_restore ended with an error'}). It is as it was "
                "before. Is the portal stopped everywhere? Its connections may hold locks."
            )


def _feed(psql, restore, path, then):
    psql.write(b"BEGIN;\nSET LOCAL lock_timeout = '20s';\n")
    for what in _dropped():
        psql.write(f"DROP {what} CASCADE;\n".encode())
    command = [restore, "--no-owner", "--no-privileges", "--file=-", str(path)]
    with subprocess.Popen(  # noqa: S603  our own program and a file of ours
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as dump:
        shutil.copyfileobj(dump.stdout, psql, BLOCK)
    if dump.returncode:
        return False
    psql.write(b"RESET search_path;\n")
    for statement in then:
        psql.write(f"{statement};\n".encode())
    psql.write(b"COMMIT;\n")
    return True


def _close(pipe):
    try:
        pipe.close()
    except BrokenPipeError:
        # psql ended before it had read everything; its exit status says so.
        return


def _dropped():
    """What the dump brings itself: the tables, and the functions of their triggers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT format('TABLE IF EXISTS %I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname = current_schema()"
            " UNION ALL "
            "SELECT format('FUNCTION IF EXISTS %s', oid::regprocedure) FROM pg_proc"
            " WHERE pronamespace = current_schema()::regnamespace"
            " AND prorettype = 'trigger'::regtype"
            # Those of an extension stay with it.
            " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')"
        )
        dropped = [name for (name,) in cursor.fetchall()]
    # No transaction of our own may stand in the way of psql.
    connection.close()
    return dropped


def _run(program, options):
    arguments, environment = _connection(options)
    return subprocess.run(  # noqa: S603  our own program and settings
        [program, *arguments], env=environment, capture_output=True, check=False
    )


def _connection(options):
    command, environment = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, options
    )
    return command[1:], {**os.environ, **(environment or {})}


def _program(name):
    """The path of a PostgreSQL program that is not older than the server, the nearest to it.

    A much newer one would write what this server does not know.
    """
    with connection.cursor():
        server = connection.pg_version // 10000
    found = [str(path) for path in sorted(DEBIAN.glob(f"*/bin/{name}"))]
    if on_path := shutil.which(name):
        found.append(on_path)
    versions = {path: _version(path) for path in found}
    fitting = [path for path in found if versions[path] >= server]
    if fitting:
        return min(fitting, key=versions.get)
    here = f"here is only {max(versions.values())}" if versions else "none was found"
    raise DumpFailed(
        f"The server is PostgreSQL {server} and needs {name} of that version or newer; {here}. "
        f"Nothing was done. Please install postgresql-client-{server}."
    )


def _version(program):
    said = subprocess.run(  # noqa: S603  a program of PostgreSQL, without input
        [program, "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = re.search(r"\d+", said)
    return int(number[0]) if number else 0


def _make_private(path):
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
