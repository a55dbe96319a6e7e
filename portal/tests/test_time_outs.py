"""Each dependency that hangs is given up, by the time-outs in the table of docs/operate.md."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from botocore.config import Config
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import connection
from psycopg2 import extensions

from drills.servers.services import Postgres
from portal import database
from portal.celery import BROKER_REST
from portal.files import virus_scanner
from portal.files.storage import StorageUnavailable
from portal.files.virus_scanner import ScannerUnavailable
from portal.http import web_worker
from portal.models import Email
from portal.tasks import send_email
from portal.tests import hanging
from portal.work import LEASE, WorkState
from tests.waiting import until

# Who waits in earnest waits for a minute in all.
waits = pytest.mark.proof
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="Only PostgreSQL has these."
)


@pytest.fixture
def mail(db):
    return Email.objects.create(
        key="k", kind="message_posted", to="a@b.example", subject="Case 26-1", text="Hello"
    )


def test_the_numbers_are_those_of_the_table(monkeypatch):
    made = hanging.production_settings(
        monkeypatch, **hanging.S3_BUCKET, DATABASE_URL="postgres://u:p@db.example/portal"
    )
    s3 = made["STORAGES"]["default"]["OPTIONS"]["client_config"]
    assert (s3.connect_timeout, s3.read_timeout) == (5, 10)
    assert s3.retries == {"mode": "standard", "total_max_attempts": 2}
    assert made["EMAIL_TIMEOUT"] == 10
    scanner = virus_scanner
    limits = (scanner.CONNECT_SECONDS, scanner.SEND_SECONDS, scanner.ANSWER_SECONDS)
    assert limits == (5, 30, 180)
    broker = made["CELERY_BROKER_TRANSPORT_OPTIONS"]
    assert (broker["socket_connect_timeout"], broker["socket_timeout"]) == (1, 2)
    assert BROKER_REST == 5
    options = made["DATABASES"]["default"]["OPTIONS"]
    assert options["tcp_user_timeout"] == 10_000
    for limit in ("statement_timeout=30s", "lock_timeout=10s", "session_timeout=60s"):
        assert limit in options["options"]
    assert (database.CONNECT_SECONDS, database.ANSWER_SECONDS) == (5, 40)
    assert (web_worker.PATIENCE, made["MIN_BODY_RATE"]) == (20, 1024)
    # A short task ends by itself before it is killed and its lease runs out, also one that has
    # just begun to ask the storage again.
    one_more_try = s3.connect_timeout + s3.read_timeout + 1
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT + one_more_try < settings.CELERY_TASK_TIME_LIMIT
    assert LEASE.total_seconds() > settings.CELERY_TASK_TIME_LIMIT


@pytest.fixture
def put(settings, monkeypatch, tmp_path):
    """A function that puts every dependency at one port, with time-outs of a second."""

    def put(port):
        bucket = hanging.bucket_at(monkeypatch, port)
        second = Config(connect_timeout=1, read_timeout=1)
        bucket["OPTIONS"]["client_config"] = bucket["OPTIONS"]["client_config"].merge(second)
        settings.STORAGES = {**settings.STORAGES, "default": bucket}
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 1
        settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{port}"
        for limit in ("CONNECT_SECONDS", "SEND_SECONDS", "ANSWER_SECONDS"):
            monkeypatch.setattr(virus_scanner, limit, 1)
        monkeypatch.setattr(database, "CONNECT_SECONDS", 1)

    return put


@pytest.fixture
def limited():
    """All of psycopg2 waits as it does in the portal on PostgreSQL."""
    before = extensions.get_wait_callback()
    database.limit_silence()
    yield
    extensions.set_wait_callback(before)


def file_of(size):
    path = Path(settings.STAGING_DIR) / "file"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def connect():
    return psycopg2.connect(host="127.0.0.1", port=settings.EMAIL_PORT, dbname="portal")


ASKED = {
    "size": (lambda: default_storage.stored_size("k"), StorageUnavailable),
    "write": (lambda: default_storage.write("k", b"body"), StorageUnavailable),
    "digest": (lambda: default_storage.stored_digest("k"), StorageUnavailable),
    "store": (lambda: default_storage.store(file_of(4), "k"), StorageUnavailable),
    "delete": (lambda: default_storage.delete("k"), StorageUnavailable),
    "objects": (lambda: list(default_storage.objects()), StorageUnavailable),
    "mail": (lambda: get_connection().open(), OSError),
    "scanner": (lambda: virus_scanner.version(), ScannerUnavailable),
    "scan": (lambda: virus_scanner.scan(file_of(10)), ScannerUnavailable),
    # What fits into the buffers of the two sockets is as good as taken.
    "large scan": (lambda: virus_scanner.scan(file_of(32 * 1024**2)), ScannerUnavailable),
    "database": (connect, psycopg2.OperationalError),
}


@waits
@pytest.mark.parametrize("hang", [hanging.silent, hanging.full])
@pytest.mark.parametrize(("ask", "problem"), ASKED.values(), ids=ASKED)
def test_whoever_asks_a_dependency_that_hangs_is_told_that_it_is_away(
    put, limited, hang, ask, problem
):
    with hang() as port:
        put(port)
        with pytest.raises(problem):
            ask()


@waits
def test_a_storage_that_hangs_is_asked_twice(put):
    with hanging.silent_peer() as peer:
        put(peer.port)
        with pytest.raises(StorageUnavailable):
            default_storage.stored_size("k")
        assert peer.calls == 2


@waits
def test_a_virus_scanner_that_takes_no_connection_at_its_socket_is_away(settings, tmp_path):
    settings.CLAMD_SOCKET = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, closing(socket.socket(socket.AF_UNIX)) as first:
        listener.bind(settings.CLAMD_SOCKET)
        listener.listen(0)
        first.connect(settings.CLAMD_SOCKET)
        with pytest.raises(ScannerUnavailable):
            virus_scanner.version()


@waits
def test_a_lease_is_renewed_while_the_virus_scanner_thinks(put, monkeypatch):
    renewed = []
    with hanging.silent() as port:
        put(port)
        monkeypatch.setattr(virus_scanner, "ANSWER_SECONDS", 3)
        with pytest.raises(ScannerUnavailable):
            virus_scanner.scan(file_of(4), lambda: renewed.append(1))
    assert len(renewed) >= 3


@waits
def test_a_server_that_was_stopped_lets_nobody_wait_for_ever(limited, monkeypatch):
    monkeypatch.setattr(database, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(database, "CONNECT_SECONDS", 1)
    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="pg-") as folder, Postgres(Path(folder)) as server:
        address = server.environment["DATABASE_URL"]
        with closing(psycopg2.connect(address)) as line:
            server.pause()
            with pytest.raises(psycopg2.OperationalError, match="timed out"):
                line.cursor().execute("SELECT 1")
            assert line.closed
        with pytest.raises(psycopg2.OperationalError, match="timed out"):
            psycopg2.connect(address)
        server.resume()


@on_postgresql
def test_a_server_that_answers_is_waited_for(db, monkeypatch):
    monkeypatch.setattr(database, "ANSWER_SECONDS", 30)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.1), repeat('x', 20000000)")
        assert len(cursor.fetchone()[1]) == 20_000_000


@on_postgresql
def test_the_server_knows_its_limits_and_the_portal_waits_by_its_own(db):
    assert extensions.get_wait_callback() is database.wait
    with connection.cursor() as cursor:
        shown = {}
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            cursor.execute(f"SHOW {name}")
            shown[name] = cursor.fetchone()[0]
    assert list(shown.values()) == ["30s", "10s", "1min"]
    with socket.socket(fileno=os.dup(connection.connection.fileno())) as line:
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000


@pytest.fixture
def worker(broker, work_at_once, tmp_path):
    """A function that starts a worker on the database of this test, in an environment."""
    work_at_once.conf.task_always_eager = False
    started = []

    def start(**environment):
        environment = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "CELERY_BROKER_URL": broker.url,
            "DATA_DIR": str(tmp_path),
            **environment,
        }
        command = [sys.executable, "-m", "celery", "--quiet", "-A", "portal", "worker"]
        command += ["--queues", "portal", "--concurrency", "2", "--without-mingle"]
        with (tmp_path / "worker.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    command,
                    cwd=settings.BASE_DIR,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def database_url():
    """The address of the database that this test works on."""
    of = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{of['NAME']}"
    return f"postgres://{of['USER']}:{of['PASSWORD']}@{of['HOST']}:{of['PORT']}/{of['NAME']}"


@waits
@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_drips_is_waited_for_when_the_task_runs_out_of_time(worker, mail):
    # Each byte of its greeting comes before the 10 s of EMAIL_TIMEOUT, its end never.
    with hanging.dripping(b"2", pause=0.3) as port:
        worker(EMAIL_URL=f"smtp://127.0.0.1:{port}")
        send_email.apply_async([mail.pk], queue="portal", soft_time_limit=4)
        until(lambda: mail.refresh_from_db() or mail.work_waits_for)
    assert (mail.work_state, mail.work_failures) == (WorkState.WAITING, 0)
    assert "SoftTimeLimitExceeded" in mail.work_failure
