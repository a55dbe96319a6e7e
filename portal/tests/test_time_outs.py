"""Each dependency that hangs is given up in the time that the table of docs/operate.md names."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from botocore.config import Config
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from psycopg2 import extensions

from drills.servers.services import Postgres
from portal import database
from portal.celery import BROKER_REST, HandOver, app, left_to_the_sweep
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
# The machine may be busy meanwhile.
MARGIN = 30
HANGS = {"silent": hanging.silent, "not even connecting": hanging.full}
# With every time-out of S3 a second, two tries and the pause between them.
SHORT_S3 = Config(connect_timeout=1, read_timeout=1)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@contextmanager
def at_most(seconds, at_least=0):
    """Fail unless the block ends in time, and not before it can have waited."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert at_least <= took <= seconds + MARGIN, f"It took {took:.1f} s."


def bucket_at(port, monkeypatch, **changes):
    endpoint = f"http://127.0.0.1:{port}"
    made = hanging.production_settings(monkeypatch, **hanging.S3_BUCKET, S3_ENDPOINT_URL=endpoint)[
        "STORAGES"
    ]["default"]
    return {**made, "OPTIONS": {**made["OPTIONS"], **changes}}


@pytest.fixture
def use_bucket(settings, monkeypatch):
    """A function that lets the storage be a bucket at a port, with the settings of production.

    `short` makes its time-outs a second each.
    """

    def use(port, short):
        bucket = bucket_at(port, monkeypatch)
        if short:
            config = bucket["OPTIONS"]["client_config"]
            bucket["OPTIONS"]["client_config"] = config.merge(SHORT_S3)
        settings.STORAGES = {**settings.STORAGES, "default": bucket}

    return use


@pytest.fixture
def mail(db):
    return Email.objects.create(
        key="k", kind="message_posted", to="a@b.example", subject="Case 26-1", text="Hello"
    )


# Numbers


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


def test_a_short_task_ends_by_itself_before_it_is_killed_and_its_lease_runs_out():
    s3 = bucket_config()
    one_more_try = s3.connect_timeout + s3.read_timeout + 1  # and the pause before it
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT + one_more_try < settings.CELERY_TASK_TIME_LIMIT
    assert LEASE.total_seconds() > settings.CELERY_TASK_TIME_LIMIT


def bucket_config():
    with pytest.MonkeyPatch.context() as monkeypatch:
        return bucket_at(9, monkeypatch)["OPTIONS"]["client_config"]


# S3


@pytest.mark.parametrize(
    "ask",
    [
        lambda path: default_storage.stored_size("k"),
        lambda path: default_storage.write("k", b"body"),
        lambda path: default_storage.stored_digest("k"),
        lambda path: default_storage.store(path, "k"),
        lambda path: default_storage.delete("k"),
        lambda path: list(default_storage.objects()),
    ],
    ids=["size", "write", "digest", "store", "delete", "objects"],
)
@waits
def test_a_storage_that_hangs_is_away_after_two_tries(ask, use_bucket, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"body")
    with hanging.silent() as port:
        use_bucket(port, short=True)
        with at_most(5, at_least=2), pytest.raises(StorageUnavailable):
            ask(path)


@waits
def test_a_storage_that_takes_no_connection_is_away_after_two_tries(use_bucket):
    with hanging.full() as port:
        use_bucket(port, short=True)
        with at_most(3, at_least=2), pytest.raises(StorageUnavailable):
            default_storage.stored_size("k")


@waits
def test_a_link_is_signed_without_asking_a_storage_that_hangs(use_bucket):
    with hanging.silent() as port:
        use_bucket(port, short=False)
        with at_most(0):
            assert default_storage.download("k", "a.stl")["Location"].startswith("http://127.0.0.1")


@waits
def test_a_script_waits_for_a_storage_that_hangs_within_its_time(send_case, use_bucket):
    prescription = send_case().prescriptions.get()
    with hanging.silent() as port:
        use_bucket(port, short=False)
        with at_most(30, at_least=20):
            app.tasks[prescription.task](prescription.pk)
    prescription.refresh_from_db()
    assert (prescription.work_waits_for, prescription.work_failures) == ("storage", 0)


# Mail


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
@waits
def test_a_mail_server_that_hangs_is_waited_for(hang, mail, settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = SMTP, "127.0.0.1", 1
    with hang() as port, at_most(1, at_least=1):
        settings.EMAIL_PORT = port
        send_email(mail.pk)
    mail.refresh_from_db()
    assert (mail.work_waits_for, mail.work_failures) == ("mail", 0)


# The virus scanner


@pytest.mark.parametrize("limit", ["CONNECT_SECONDS", "SEND_SECONDS", "ANSWER_SECONDS"])
@waits
def test_a_virus_scanner_that_hangs_is_away(limit, settings, monkeypatch, tmp_path):
    monkeypatch.setattr(virus_scanner, limit, 1)
    path = tmp_path / "file"
    # What fits into the buffers of the two sockets is as good as taken.
    path.write_bytes(bytes(32 * 1024**2 if limit == "SEND_SECONDS" else 10))
    hang = hanging.full if limit == "CONNECT_SECONDS" else hanging.silent
    with hang() as port:
        settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{port}"
        with at_most(1, at_least=1), pytest.raises(ScannerUnavailable):
            virus_scanner.scan(path)


@waits
def test_a_virus_scanner_that_takes_no_connection_at_its_socket_is_away(settings, tmp_path):
    settings.CLAMD_SOCKET = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener, closing(socket.socket(socket.AF_UNIX)) as first:
        listener.bind(settings.CLAMD_SOCKET)
        listener.listen(0)
        first.connect(settings.CLAMD_SOCKET)
        with at_most(5), pytest.raises(ScannerUnavailable):
            virus_scanner.version()


@waits
def test_a_lease_is_renewed_while_the_virus_scanner_thinks(settings, monkeypatch, tmp_path):
    monkeypatch.setattr(virus_scanner, "ANSWER_SECONDS", 3)
    path, renewed = tmp_path / "file", []
    path.write_bytes(b"body")
    with hanging.silent() as port:
        settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{port}"
        with pytest.raises(ScannerUnavailable):
            virus_scanner.scan(path, lambda: renewed.append(path))
    assert len(renewed) >= 3


# The broker, with its real time-outs


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
@pytest.mark.django_db(transaction=True)
@waits
def test_a_broker_that_hangs_holds_up_a_request_for_seconds_once(hang, mail, work_at_once, broker):
    work_at_once.conf.task_always_eager = False
    with hang() as port, broker.replaced_by(f"redis://127.0.0.1:{port}/0"):
        with at_most(3, at_least=1):
            mail.hand_over_on_commit()
        assert HandOver.broker_rests_until
        with at_most(0):
            mail.hand_over_on_commit()


# The database


@pytest.fixture(scope="module")
def postgres():
    # Not below pytest's folders, whose names are too long for a socket.
    with (
        tempfile.TemporaryDirectory(prefix="pg-") as folder,
        Postgres(Path(folder), fast=True) as server,
    ):
        yield server


@pytest.fixture
def limited():
    """All of psycopg2 waits as it does in the portal on PostgreSQL."""
    before = extensions.get_wait_callback()
    database.limit_silence()
    yield
    extensions.set_wait_callback(before)


@pytest.fixture
def paused(postgres):
    """A function that stops the server in mid-sentence."""
    yield postgres.pause
    postgres.resume()


def connect_to(server):
    return closing(psycopg2.connect(server.environment["DATABASE_URL"]))


@pytest.mark.parametrize("hang", HANGS.values(), ids=HANGS)
@waits
def test_a_database_that_hangs_while_we_connect_is_given_up(hang, limited):
    timed_out = pytest.raises(psycopg2.OperationalError, match="timed out")
    with hang() as port, at_most(5, at_least=4), timed_out:
        psycopg2.connect(host="127.0.0.1", port=port, dbname="portal", user="portal")


@waits
def test_a_server_that_was_stopped_lets_nobody_wait_for_ever(
    postgres, paused, limited, monkeypatch
):
    monkeypatch.setattr(database, "ANSWER_SECONDS", 1)
    with connect_to(postgres) as line:
        paused()
        with at_most(1, at_least=1), pytest.raises(psycopg2.OperationalError, match="timed out"):
            line.cursor().execute("SELECT 1")
        assert line.closed
        with at_most(5, at_least=4), pytest.raises(psycopg2.OperationalError, match="timed out"):
            connect_to(postgres)


def test_a_server_that_answers_is_waited_for(postgres, limited, monkeypatch):
    monkeypatch.setattr(database, "ANSWER_SECONDS", 2)
    with connect_to(postgres) as line, line.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1), repeat('x', 20000000)")
        assert len(cursor.fetchone()[1]) == 20_000_000


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="Only PostgreSQL has these.")
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


# A worker process, whose task limits bound what no single time-out does


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
            process = subprocess.Popen(
                command,
                cwd=settings.BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)

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


def until_waits(row):
    """Returns once a row waits for a dependency."""

    def waits():
        row.refresh_from_db()
        return row.work_waits_for

    until(waits, 30)


@pytest.mark.django_db(transaction=True)
@waits
def test_dependencies_that_drip_or_hang_are_waited_for_when_the_task_runs_out_of_time(
    worker, mail, send_case, monkeypatch
):
    with left_to_the_sweep():
        prescription = send_case().prescriptions.get()
    # Each byte of its greeting comes before the 10 s of EMAIL_TIMEOUT, its end never.
    with hanging.dripping(b"2", pause=0.3) as smtp, hanging.silent() as s3:
        worker(
            EMAIL_URL=f"smtp://127.0.0.1:{smtp}",
            **hanging.S3_BUCKET,
            S3_ENDPOINT_URL=f"http://127.0.0.1:{s3}",
        )
        for row in (mail, prescription):
            app.tasks[row.task].apply_async([row.pk], queue="portal", soft_time_limit=4)
        until_waits(mail)
        until_waits(prescription)
    assert (mail.work_state, mail.work_failures) == (WorkState.WAITING, 0)
    assert "SoftTimeLimitExceeded" in mail.work_failure
    assert (prescription.work_state, prescription.work_failures) == (WorkState.WAITING, 0)
