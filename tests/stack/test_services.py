"""The servers of the stack: each starts, serves, and comes back with what it had."""

import os
import smtplib
import subprocess
import sys
import tempfile
from email.message import EmailMessage
from pathlib import Path

import psycopg2
import pytest
import redis
from botocore.exceptions import BotoCoreError, ClientError

from drills.servers.faults import FaultProxy
from drills.servers.services import S3, ServiceError, Services, Valkey
from tests.waiting import until

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("services")]
BODY = os.urandom(300_000)


@pytest.fixture(scope="module")
def services():
    # Not below pytest's folders, whose names are too long for a socket.
    with (
        tempfile.TemporaryDirectory(prefix="stack-") as folder,
        Services(Path(folder), fast=True) as services,
    ):
        yield services


def rows(postgres, query):
    connection = psycopg2.connect(postgres.environment["DATABASE_URL"])
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def send(mail_server, subject):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@lab.example", "b@harbor.example", subject
    mail.set_content("Grüße\n")
    with smtplib.SMTP(mail_server.host, mail_server.port, timeout=2) as line:
        line.send_message(mail)


def put(client, key, body=BODY):
    client.put_object(Bucket="cases", Key=key, Body=body)


def get(client, key):
    return client.get_object(Bucket="cases", Key=key)["Body"].read()


def test_the_variables_of_all_four_point_to_them(services):
    assert set(services.environment) == {
        "DATABASE_URL",
        "CELERY_BROKER_URL",
        "S3_BUCKET",
        "S3_ENDPOINT_URL",
        "S3_REGION",
        "S3_ACCESS_KEY_ID",
        "S3_SECRET_ACCESS_KEY",
        "EMAIL_URL",
    }


def test_postgres_keeps_what_was_committed_before_it_was_killed(services):
    rows(services.database, "CREATE TABLE kept AS SELECT 7 AS number")
    services.database.kill()
    with pytest.raises(psycopg2.OperationalError):
        rows(services.database, "SELECT 1")
    services.database.start()
    assert rows(services.database, "SELECT number FROM kept") == [(7,)]
    services.database.stop("immediate")
    services.database.start()
    assert rows(services.database, "SELECT number FROM kept") == [(7,)]


def test_the_portals_role_makes_databases_and_is_no_superuser(services):
    role = rows(
        services.database,
        "SELECT rolcreatedb, rolsuper FROM pg_roles WHERE rolname = current_user",
    )
    assert role == [(True, False)]


def test_a_wrong_password_is_refused(services):
    wrong = services.database.environment["DATABASE_URL"].replace(":portal@", ":guess@")
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(wrong)


def test_valkey_keeps_its_queue_when_it_is_killed(services):
    services.broker.client().rpush("queue", "hint")
    services.broker.client().execute_command("WAITAOF", 1, 0, 0)  # until it is on the disk
    services.broker.kill()
    services.broker.start()
    assert services.broker.client().lrange("queue", 0, -1) == [b"hint"]
    services.broker.empty()
    assert services.broker.client().llen("queue") == 0


def test_a_full_valkey_refuses_writes_until_it_is_drained(services):
    services.broker.fill()
    with pytest.raises(redis.OutOfMemoryError):
        services.broker.client().rpush("queue", "hint")
    services.broker.drain()
    services.broker.client().rpush("queue", "hint")


def test_s3_keeps_objects_when_it_is_killed(services):
    put(services.storage.client(), "kept")
    services.storage.kill()
    with pytest.raises(BotoCoreError):
        get(services.storage.client(), "kept")
    services.storage.start()
    assert get(services.storage.client(), "kept") == BODY


def test_s3_refuses_a_wrong_secret_and_encrypts_when_asked(services):
    wrong = S3(services.storage.folder)
    wrong.port, wrong.secret_key = services.storage.port, "guess"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        put(wrong.client(), "key")
    client = services.storage.client()
    client.put_object(Bucket="cases", Key="sealed", Body=BODY, ServerSideEncryption="AES256")
    assert client.head_object(Bucket="cases", Key="sealed")["ServerSideEncryption"] == "AES256"
    assert get(client, "sealed") == BODY


def test_the_mail_server_keeps_a_mail_before_it_says_so(services):
    mail = services.mail
    mail.mode = "drop"
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mail, "kept without a word")
    assert [one["Subject"] for one in mail.mails()] == ["kept without a word"]
    mail.mode = "normal"
    send(mail, "kept")
    mail.kill()
    mail.start()
    assert [one["Subject"] for one in mail.mails()] == ["kept without a word", "kept"]
    assert mail.mails()[1].get_content() == "Grüße\r\n"


@pytest.mark.parametrize(
    ("mode", "problem"),
    [
        ("refuse-4xx", smtplib.SMTPDataError),
        ("refuse-5xx", smtplib.SMTPDataError),
        ("hang", smtplib.SMTPServerDisconnected),
    ],
)
def test_the_mail_server_does_not_keep_what_it_refuses(services, mode, problem):
    before = len(services.mail.mails())
    services.mail.mode = mode
    with pytest.raises(problem):
        send(services.mail, "not kept")
    services.mail.mode = "normal"
    assert len(services.mail.mails()) == before


def test_a_paused_server_hangs_and_then_goes_on(services):
    impatient = redis.Redis(
        port=services.broker.port, password="portal", socket_timeout=0.3, retry=None
    )
    services.broker.pause()
    with pytest.raises(redis.TimeoutError):
        impatient.ping()
    services.broker.resume()
    assert impatient.ping()
    services.database.pause()
    services.database.resume()
    assert rows(services.database, "SELECT 1") == [(1,)]


def test_a_server_that_cannot_start_says_why(services, tmp_path):
    second = Valkey(tmp_path)
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(ServiceError, match=r"(?s)valkey ended with 1 .*Not a directory"):
        second.start()
    second.port = services.broker.port
    with pytest.raises(ServiceError, match=r"valkey was not started: port .* is in use"):
        second.start()


START_AND_WAIT = """
import signal, sys
from pathlib import Path
from drills.servers.services import Services
services = Services(Path(sys.argv[1]), fast=True)
services.start()
print(*[one.process.pid for one in services.all], flush=True)
signal.pause()
"""


def test_no_server_outlives_a_killed_program():
    with tempfile.TemporaryDirectory(prefix="stack-") as folder:
        words = [sys.executable, "-c", START_AND_WAIT, folder]
        program = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        servers = [Path("/proc") / pid for pid in program.stdout.readline().split()]
        assert len(servers) == 4
        assert all(server.exists() for server in servers)
        program.kill()
        program.wait()
        program.stdout.close()
        until(lambda: not any(is_alive(server) for server in servers))


def is_alive(server):
    try:
        return ") Z " not in (server / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def to_s3(services):
    """A proxy before S3, and a client that goes through it."""
    with FaultProxy(services.storage, seed=3) as proxy:
        yield proxy, services.storage.client(proxy.environment["S3_ENDPOINT_URL"])


def test_signatures_hold_through_the_proxy(to_s3):
    proxy, client = to_s3
    put(client, "through")
    assert get(client, "through") == BODY
    assert not proxy.counts


def test_a_proxy_refuses_and_comes_back_at_the_same_port(services):
    with FaultProxy(services.broker) as proxy:
        client = redis.Redis(port=proxy.port, password="portal", socket_timeout=0.3, retry=None)
        assert client.ping()
        proxy.mode = "refuse"
        with pytest.raises(redis.ConnectionError):
            client.ping()
        with pytest.raises(redis.ConnectionError, match="refused"):
            client.ping()
        proxy.mode = "hang"
        with pytest.raises(redis.TimeoutError):
            client.ping()
        proxy.mode = "pass"
        assert client.ping()
        client.close()


def test_a_hanging_proxy_stops_what_is_open_and_lets_it_go_on(services):
    with FaultProxy(services.database) as proxy:
        connection = psycopg2.connect(proxy.environment["DATABASE_URL"])
        proxy.mode = "hang"
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(proxy.environment["DATABASE_URL"], connect_timeout=2)
        proxy.mode = "pass"
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            assert cursor.fetchall() == [(1,)]
        connection.close()


def test_a_cutting_proxy_resets_after_so_many_bytes(to_s3):
    proxy, client = to_s3
    put(client, "cut")
    proxy.mode, proxy.cut_after = "cut", 50_000
    with pytest.raises(Exception, match=r"(?i)reset|broken|closed"):
        get(client, "cut")
    with pytest.raises(BotoCoreError):
        put(client, "cut")
    assert proxy.counts["cut"] == 2


def test_a_share_of_requests_is_answered_with_slow_down(to_s3):
    proxy, client = to_s3
    proxy.mode = "unavailable"
    answers = []
    for number in range(40):
        try:
            put(client, f"perhaps-{number}", b"x")
            answers.append("taken")
        except ClientError as refusal:
            answers.append(refusal.response["Error"]["Code"])
    assert set(answers) == {"taken", "SlowDown"}
    assert 4 <= answers.count("SlowDown") <= 20
    proxy.share = 1
    with pytest.raises(ClientError, match="SlowDown"):
        put(client, "large", os.urandom(4_000_000))


def test_a_flipped_byte_is_never_taken_for_the_file(to_s3):
    proxy, client = to_s3
    put(client, "flipped")
    proxy.mode, proxy.share = "flip", 1
    raw = client.get_object(Bucket="cases", Key="flipped")["Body"]._raw_stream.read()
    assert sum(a != b for a, b in zip(raw, BODY, strict=True)) == 1
    with pytest.raises((ClientError, BotoCoreError)):
        put(client, "flipped")
    proxy.mode = "pass"
    assert get(client, "flipped") == BODY
    assert proxy.counts["flip"] == 2


def test_only_s3_has_the_modes_that_speak_http(services):
    with FaultProxy(services.mail) as proxy, pytest.raises(ValueError, match="no mode"):
        proxy.mode = "flip"
    with pytest.raises(ValueError, match="no mode"):
        services.mail.mode = "sulk"
