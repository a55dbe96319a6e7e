"""What the tests of every app share: people, cases, and folders of their own."""

import os
import subprocess
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from threading import Barrier

import pytest
from botocore.config import Config
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.core.management.color import no_style
from django.db import connection
from django.test import TransactionTestCase, override_settings
from django.utils import timezone
from kombu import pools

from accounts.groups import RIGHTS
from accounts.models import Dentist, Practice, User
from accounts.services import NoSuchInvitation
from accounts.sign_in import second_step
from cases.models import Case, Material
from cases.services import submit_case
from portal.broker import command as broker_command
from portal.celery import HandOver, app
from portal.refusal import NotAllowed

# Whether the servers of `bin/stack` are used, or the embedded default.
ON_STACK = bool(settings.S3_BUCKET)
LONG = {"matrix", "fuzz", "corpus"}  # folders whose tests take long
NOBODY = "127.0.0.1:9"  # an address where nothing listens


def pytest_configure(config):
    # Read by modules as they are collected, and by the processes that tests start.
    if config.option.markexpr == "proof":
        os.environ["PROOF"] = "1"


def pytest_collection_modifyitems(config, items):
    here = [item for item in items if belongs_here(item)]
    config.hook.pytest_deselected(items=[item for item in items if not belongs_here(item)])
    # What takes longest begins first; groups do so by themselves.
    items[:] = sorted(here, key=lambda item: item.path.parent.name not in LONG)


def belongs_here(item):
    """Whether a test is for these servers and for now: see the marks in pytest.ini."""
    proof, embedded = map(item.get_closest_marker, ("proof", "embedded"))
    if proof and "PROOF" not in os.environ and not proof.kwargs.get("part"):
        return False
    return not (ON_STACK and embedded and embedded.kwargs.get("only"))


def pytest_xdist_auto_num_workers(config):
    return min(os.cpu_count(), 8)


@pytest.fixture(scope="session", autouse=True)
def static_folder():
    """A live server looks for the folder that collectstatic makes, and warns without it."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


EMPTY_LOG = "GRANT TRUNCATE ON accounts_access, accounts_accesslink TO CURRENT_USER"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """A file for each process, also of two runs at once: SQLite as the portal has it."""
    if connection.vendor == "sqlite":
        path = tmp_path_factory.getbasetemp() / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(path)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Tests that commit empty all tables after them, which the portal may not do to its log."""
    with django_db_blocker.unblock():
        _run_on_postgresql(EMPTY_LOG)


# What `migrate` fills, and no test that commits changes; groups of its own go with it.
KEPT = {Permission, Group, Group.permissions.through, ContentType, Material}


def empty_tables(_):
    """After a test that commits. Django's `flush` fills KEPT anew each time, for a second."""
    models = set(apps.get_models(include_auto_created=True)) - KEPT
    filled = [model._meta.db_table for model in models if model._base_manager.exists()]
    emptying = connection.ops.sql_flush(no_style(), filled, allow_cascade=True)
    connection.ops.execute_sql_flush(emptying)
    Group.objects.exclude(name__in=RIGHTS).delete()
    Material.objects.filter(is_default=False).delete()
    # A restore has brought rows of other numbers.
    ContentType.objects.clear_cache()
    # Its table has no model: what was counted would be counted for the next test.
    cache.clear()


TransactionTestCase._fixture_teardown = empty_tables


@pytest.fixture
def log_can_be_emptied(transactional_db):
    """For tests that restore or migrate the access log, and so take that right away again."""
    yield
    _run_on_postgresql(EMPTY_LOG)


def _run_on_postgresql(sql):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path, smtp_server):
    """Each test has its own staging folder, storage and mail folder."""
    settings.STAGING_DIR = tmp_path / "staging"
    # In a bucket, which all processes share, the beginning of a key is what a folder is.
    location = f"tests/{uuid.uuid4()}" if ON_STACK else tmp_path / "storage"
    change_storage(settings, location=location)
    # pytest-django has put its own in the place of the one in the settings.
    settings.EMAIL_BACKEND = "portal.mail.folder.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    if smtp_server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = smtp_server.host, smtp_server.port
    # Tests do not wait for a million rounds of hashing, nor for a look at each static file.
    md5 = "django.contrib.auth.hashers.MD5PasswordHasher"
    settings.PASSWORD_HASHERS = [md5, *settings.PASSWORD_HASHERS]
    settings.WHITENOISE_AUTOREFRESH = True
    # The manifest exists after collectstatic only.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }


@pytest.fixture(autouse=True)
def blocks_are_booked_late(settings):
    """Tests book blocks that begin soon; those that are about the notice set one."""
    settings.BOOKING_NOTICE_HOURS = 0


def change_storage(settings, **options):
    default = settings.STORAGES["default"]
    changed = {**default, "OPTIONS": {**default["OPTIONS"], **options}}
    settings.STORAGES = {**settings.STORAGES, "default": changed}


@pytest.fixture(scope="session")
def smtp_server():
    """On the stack an SMTP server for the tests of this process alone, otherwise None."""
    if not ON_STACK:
        yield None
        return
    from drills.servers.services import MailServer  # the embedded default needs nothing of it

    with tempfile.TemporaryDirectory(prefix="mail-") as folder, MailServer(folder) as server:
        yield server


@pytest.fixture
def sent(smtp_server, tmp_path):
    """A function that gives the mails which were sent since the test began."""
    kept_in = smtp_server.folder / "new" if smtp_server else tmp_path / "mail"
    before = set(kept_in.glob("*"))

    def mails():
        paths = sorted(set(kept_in.glob("*")) - before)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]

    return mails


@pytest.fixture(autouse=True)
def work_at_once():
    """Work that is handed to Celery is done on the spot, after the commit."""
    app.conf.task_always_eager = True
    yield app
    app.conf.task_always_eager = False


class Broker:
    """A Valkey server of its own, as the embedded default runs it."""

    def __init__(self, folder):
        self._server = subprocess.Popen(broker_command(folder))
        self.url = f"redis+socket://{folder}/valkey.sock"
        with self.replaced_by(self.url), app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=100, interval_start=0.05, interval_max=0.05)

    @contextmanager
    def replaced_by(self, url):
        """Whatever is handed over in the block goes to the broker at `url`."""
        before = app.conf.broker_url
        self._use(url)
        try:
            yield
        finally:
            self._use(before)

    @staticmethod
    def _use(url):
        pools.reset()
        app._after_fork()  # Celery's own way to forget its connections
        app.conf.broker_url = app.conf.broker_write_url = app.conf.broker_read_url = url
        settings.CELERY_BROKER_URL = url
        HandOver.broker_rests_until = 0

    def empty(self):
        with app.connection_for_write() as connection:
            connection.default_channel.client.flushall()

    def stop(self):
        self._server.terminate()
        self._server.wait()


@pytest.fixture(scope="session")
def valkey():
    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        broker = Broker(Path(folder))
        yield broker
        broker.stop()


@pytest.fixture
def broker(valkey):
    """The broker, and nothing in it."""
    with valkey.replaced_by(valkey.url):
        valkey.empty()
        yield valkey


class Stored:
    """A stored object, on the disk or in a bucket, with the verbs of a path."""

    def __init__(self, key):
        self.key = key

    def exists(self):
        return default_storage.stored_size(self.key) is not None

    def read_bytes(self):
        return b"".join(default_storage.blocks(self.key))

    def write_bytes(self, body):
        default_storage.write(self.key, body)


@pytest.fixture
def stored():
    """A function that gives the stored object of a key."""
    return Stored


@pytest.fixture
def storage_away():
    """A context in which the storage is a bucket whose server cannot be reached."""
    once = Config(connect_timeout=1, retries={"total_max_attempts": 1})
    options = {"bucket_name": "cases", "endpoint_url": f"http://{NOBODY}", "region_name": "x"}
    options |= {"access_key": "k", "secret_key": "s", "client_config": once}
    bucket = {"BACKEND": "portal.files.s3.Bucket", "OPTIONS": options}
    return lambda: override_settings(STORAGES={**settings.STORAGES, "default": bucket})


@pytest.fixture(scope="session")
def clamd():
    """Debian's virus scanner, which knows the test file of eicar.org."""
    from drills.servers.services import Clamd  # few tests need anything of it

    # Not below pytest's folders, whose names are too long for a socket.
    with tempfile.TemporaryDirectory(prefix="clamd-") as folder, Clamd(Path(folder)) as server:
        yield server


@pytest.fixture
def make_practice(db):
    def make(name="Harbor Dental", **fields):
        fields = {"email": "front@harbor.example", "time_zone": "America/New_York"} | fields
        practice = Practice.objects.create(name=name, **fields)
        Dentist.objects.create(
            practice=practice, name="Dr. Ada Weiss", license_number="D-4711", license_state="ME"
        )
        return practice

    return make


@pytest.fixture
def practice(make_practice):
    return make_practice()


@pytest.fixture
def dentist_user(practice):
    return User.objects.create_user("ada@harbor.example", name="Ada Weiss", practice=practice)


@pytest.fixture
def other_practice_user(make_practice):
    practice = make_practice("Hilltop Dental", email="front@hilltop.example")
    return User.objects.create_user("ben@hilltop.example", name="Ben Ode", practice=practice)


@pytest.fixture
def lab_user(db):
    user = User.objects.create_superuser("lab@guidepost.example", name="Lea Lab")
    second_step.enrol(user)
    return user


@pytest.fixture
def make_staff(db):
    """A function that makes lab staff with the rights of the named groups of accounts.groups."""

    def make(*groups, email="sam@guidepost.example", **fields):
        user = User.objects.create_user(email, name="Sam Staff", is_staff=True, **fields)
        user.groups.set(Group.objects.filter(name__in=groups))
        assert user.groups.count() == len(groups)
        second_step.enrol(user)
        return user

    return make


@pytest.fixture
def make_case(practice, dentist_user):
    """A function that makes a case of the practice, with the fields it is given."""

    def make(**fields):
        fields = {
            "number": f"26-{10_000 + Case.objects.count()}",
            "form_key": uuid.uuid4(),
            "practice": practice,
            "dentist": practice.dentists.first(),
            "patient_name": "Jane Roe",
            "teeth": ["14"],
            "created_by": dentist_user,
        } | fields
        return Case.objects.create(**fields)

    return make


@pytest.fixture
def case(make_case):
    return make_case()


@pytest.fixture
def send_case(practice, dentist_user):
    """A function that sends a case as the form does; `progress` is then set on the row."""

    def send(now=None, form_key=None, progress=None, **values):
        values = {
            "patient_name": "Jane Roe",
            "dentist": practice.dentists.first(),
            "teeth": ["14"],
            "description": "Guide for one implant.",
        } | values
        key, now = form_key or uuid.uuid4(), now or timezone.now()
        case, _ = submit_case(key, values, "Ada Weiss", by=dentist_user, now=now)
        if progress is not None:
            Case.objects.filter(pk=case.pk).update(progress=progress)
            case.refresh_from_db()
        return case

    return send


@pytest.fixture
def at_once():
    """A function that calls its arguments, functions, at the same moment, each in a thread.

    Returns their outcomes: "done", or the class of a refusal by name. Anything else raises.
    """

    def run(*doings):
        together = Barrier(len(doings))

        def one(doing):
            try:
                together.wait(10)
                doing()
            except (NotAllowed, NoSuchInvitation) as refusal:
                return type(refusal).__name__
            finally:
                connection.close()
            return "done"

        with ThreadPoolExecutor(len(doings)) as threads:
            return list(threads.map(one, doings))

    return run


@pytest.fixture
def now():
    """A moment for rules about time: Monday, March 2, 2026, noon in New York."""
    return datetime(2026, 3, 2, 17, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """A function that moves the clock on by so many minutes, from one fixed moment."""
    start = timezone.now()
    moved = [timedelta()]
    monkeypatch.setattr(timezone, "now", lambda: start + moved[0])

    def move_on(minutes):
        moved[0] += timedelta(minutes=minutes)

    return move_on


@pytest.fixture
def dentist_client(client, dentist_user):
    client.force_login(dentist_user)
    return client
