"""Back up under load, lose everything, restore, and count what is missing.

Fills a portal with cases whose small files are real, through the services that the pages call,
and takes a backup while two processes go on sending and storing. Then database, storage and
staging folder are wiped and the backup is restored. Each process writes down, like a browser
would know it, what it was told to be safe: case, file and SHA-256. All that was told before the
backup began must be back. Three damaged copies of the backup must be refused.

SQLite and a folder by default. With DATABASE_URL and S3_BUCKET set, a database and a bucket of its
own are made there, and removed at the end:

    .venv/bin/python drills/restore_drill.py [--cases 1000]
    bin/stack .venv/bin/python drills/restore_drill.py
"""

import argparse
import hashlib
import io
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
LOAD_SECONDS = 5  # before and after the backup
FRESH_SECONDS = 31  # the sweep leaves younger work to the message that was sent about it
MOST_MISSING_MINUTES, LONGEST_RESTORE_MINUTES = 5, 15


class Drill:
    """Counts what went as it must, and says so line by line."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, what, good, seen=""):
        self.passed, self.failed = self.passed + bool(good), self.failed + (not good)
        print(f"{'ok    ' if good else 'FAILED'} {what}{f': {seen}' if seen != '' else ''}")
        sys.stdout.flush()


# What the worker processes do: `--work fill` or `--work load`.


def work(kind, cases, seed, told):
    """Send cases with files and do their work, and write down in `told` what was promised."""
    import django

    django.setup()
    from accounts.models import User
    from portal.celery import left_to_the_sweep

    rng = random.Random(seed)
    user = User.objects.filter(practice__isnull=False).order_by("pk")[seed % 2]
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
    sent = []
    with open(told, "a", buffering=1) as notes, left_to_the_sweep():
        while not stopped and (kind == "load" or cases > 0):
            sent.append(send_case(user, rng, notes))
            cases -= 1
            # Under load, some files always are on their way when the backup looks.
            while len(sent) > (3 if kind == "load" else 0):
                do_work_of(sent.pop(0))


def send_case(user, rng, notes):
    """One case with one to three files, sent as the form does. Returns the case."""
    from django.utils import timezone

    from cases.services import submit_case

    form_key = uuid.uuid4()
    files = [upload(user, form_key, rng) for _ in range(rng.randint(1, 3))]
    values = {
        "patient_name": f"Patient {rng.randrange(10**6)}",
        "dentist": user.practice.dentists.first(),
        "teeth": ["14"],
        "description": "Guide for one implant.",
    }
    case, _ = submit_case(form_key, values, user.name, by=user, now=timezone.now())
    promise = {"at": time.time(), "case": case.number, "files": files}
    notes.write(json.dumps(promise) + "\n")
    return case


def upload(user, form_key, rng):
    """One file through the code that receives uploads; the promise made about it."""
    from cases.files.receiving import receive
    from cases.models import Attachment

    body = rng.randbytes(rng.randint(2_000, 60_000))
    file = Attachment.objects.create(
        form_key=form_key,
        practice=user.practice,
        uploaded_by=user,
        name="lower.stl",
        size=len(body),
    )
    receive(file, io.BytesIO(body).read, 0, len(body))
    return {"id": str(file.pk), "sha256": hashlib.sha256(body).hexdigest()}


def do_work_of(case):
    """Store the files of a case and print its RX script, as Celery workers do."""
    from cases.tasks import render_prescription, store_attachment

    for pk in case.attachments.values_list("pk", flat=True):
        store_attachment(pk)
    for pk in case.prescriptions.values_list("pk", flat=True):
        render_prescription(pk)


@contextmanager
def workers(kind, cases, folder):
    """Both processes at work; they are asked to end, and waited for, at the end of the block."""
    command = [sys.executable, str(Path(__file__)), "--work", kind]
    processes = []
    for number in range(WORKERS):
        share = cases // WORKERS + (number < cases % WORKERS)
        seed = number + (10 if kind == "load" else 0)
        told = folder / f"told-{kind}-{number}"
        options = ["--cases", share, "--seed", seed, "--told", told]
        processes.append(subprocess.Popen([*command, *map(str, options)], cwd=ROOT))
    try:
        yield processes
        for process in processes:
            if kind == "load":
                process.terminate()
            if process.wait():
                sys.exit("A process that sends cases ended with an error. Nothing was measured.")
    finally:
        for process in processes:
            process.kill()
            process.wait()


# The portal that is lost: a database, a storage and a staging folder that are ours alone.


class Portal:
    """Makes and wipes the database and the bucket of the drill."""

    def __init__(self, folder):
        self.mark = secrets.token_hex(4)
        self.server = os.environ.get("DATABASE_URL", "")
        os.environ |= {
            "DATA_DIR": str(folder / "data"),
            "STAGING_DIR": str(folder / "data" / "staging"),
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "SITE_URL": "http://localhost:8000",
            "EMAIL_URL": "filemail:///",
            # A thousand cases in minutes, which a practice sends in years.
            "LIMITS": "cases_an_hour_a_person=1000000 cases_an_hour_a_practice=1000000",
        }
        os.environ.pop("DEBUG", None)
        self.data = folder / "data"
        self.data.mkdir()
        self.on_postgresql = self.server.startswith("postgres")
        if self.on_postgresql:
            self.database = f"restore_drill_{self.mark}"
            parts = urlsplit(self.server)
            os.environ["DATABASE_URL"] = urlunsplit(parts._replace(path=f"/{self.database}"))
        else:
            os.environ.pop("DATABASE_URL", None)
        if os.environ.get("S3_BUCKET"):
            os.environ["S3_BUCKET"] = f"restore-drill-{self.mark}"
        self.make_database()

    def make_database(self):
        if self.on_postgresql:
            self._ask_server(f"CREATE DATABASE {self.database}")

    def _ask_server(self, statement):
        import psycopg2

        connection = psycopg2.connect(self.server)
        connection.autocommit = True
        connection.cursor().execute(statement)
        connection.close()

    def wipe(self):
        """Lose database, objects and staging folder, as a fire does."""
        from django.core.files.storage import default_storage
        from django.db import connection

        connection.close()
        if self.on_postgresql:
            self._ask_server(f"DROP DATABASE {self.database} WITH (FORCE)")
            self.make_database()
        for path in self.data.glob("portal.sqlite3*"):
            path.unlink()
        for key, _, _ in list(default_storage.objects()):
            default_storage.delete(key)
        shutil.rmtree(self.data / "staging", ignore_errors=True)

    def remove(self):
        self.wipe()
        if self.on_postgresql:
            self._ask_server(f"DROP DATABASE {self.database}")
        if os.environ.get("S3_BUCKET"):
            from django.core.files.storage import default_storage

            default_storage.bucket.delete()

    def mails(self):
        return len(list((self.data / "mail").glob("*.eml")))


def manage(*command):
    """Run a command of manage.py; returns its status, what it said, and its seconds."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr, time.monotonic() - began


def must(*command):
    status, said, seconds = manage(*command)
    if status:
        sys.exit(f"manage.py {command[0]} ended with {status}, so nothing was measured:\n{said}")
    return seconds


def prepare():
    """Tables, two practices with a member each who is signed in, a mail that waits."""
    for command in (["migrate", "-v", "0"], ["createcachetable", "-v", "0"]):
        must(*command)
    import django

    django.setup()
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.files.storage import default_storage

    from accounts.models import Dentist, Practice, User

    if os.environ.get("S3_BUCKET"):
        default_storage.bucket.create()
    for number in range(2):
        email = f"office{number}@drill.example"
        practice = Practice.objects.create(name=f"Practice {number}", email=email)
        Dentist.objects.create(
            practice=practice, name="Dr. May", license_number="1", license_state="Maine"
        )
        User.objects.create_user(email, name="May", practice=practice)
        SessionStore().save()


def promises(folder, kind):
    for path in folder.glob(f"told-{kind}-*"):
        yield from map(json.loads, path.read_text().splitlines())


def newest():
    from django.db.models import Max

    from cases.models import Case

    return Case.objects.aggregate(at=Max("created_at"))["at"]


# The drill itself.


def run(drill, portal, folder, cases):
    prepare()
    began = time.monotonic()
    with workers("fill", cases, folder):
        pass
    print(f"       {cases} cases were sent in {time.monotonic() - began:.0f} s")
    backup, safe_at, last = back_up(drill, folder)
    mails = portal.mails()
    portal.wipe()
    restore(drill, folder, backup, last)
    check_quiet(drill, portal, mails)
    check_promises(drill, folder, safe_at)
    check_files(drill, "before the work that was left is done")
    time.sleep(FRESH_SECONDS)
    must("sweep")
    check_files(drill, "after it")
    check_all_is_done(drill)
    check_quiet(drill, portal, mails)
    check_refusals(drill, folder, backup)


def back_up(drill, folder):
    """Returns the backup's folder, the time it began, and that of the newest row ever."""
    backup = folder / "backup"
    with workers("load", 0, folder):
        time.sleep(LOAD_SECONDS)
        seconds = must("backup", str(backup))
        sent = sum(1 for _ in promises(folder, "load"))
        # Once more, as every few minutes: only what is new is copied.
        safe_at = time.time()
        again = must("backup", str(backup), "--quick")
        time.sleep(LOAD_SECONDS)
    more = sum(1 for _ in promises(folder, "load")) - sent
    counts = json.loads((backup / "manifest.json").read_text())["counts"]
    print(f"       backup {seconds:.1f} s, the next one {again:.1f} s: {counts}")
    drill.check("The portal was used before, during and after the backup", sent and more, more)
    drill.check("The backup has files that were on their way", any((backup / "staging").iterdir()))
    return backup, safe_at, newest()


def restore(drill, folder, backup, last):
    status, said, seconds = manage("restore", str(backup))
    drill.check("The restore ends well", status == 0, said.splitlines()[0])
    limit = LONGEST_RESTORE_MINUTES
    drill.check(f"It takes under {limit} minutes", seconds < limit * 60, f"{seconds / 60:.2f}")
    missing = (last - newest()).total_seconds() / 60
    limit = MOST_MISSING_MINUTES
    drill.check(f"At most {limit} minutes are missing", missing <= limit, f"{missing:.2f}")
    drill.check("No migration is missing", manage("migrate", "--check")[0] == 0)


def check_quiet(drill, portal, mails):
    from django.contrib.sessions.models import Session

    drill.check("Mails sent since the wipe", portal.mails() == mails, portal.mails() - mails)
    drill.check("Sessions", not Session.objects.exists(), Session.objects.count())


def check_promises(drill, folder, safe_at):
    """What was promised before the backup began: each case, each file, each byte."""
    from django.core.files.storage import default_storage

    from cases.models import Attachment, Case
    from portal.files import staging

    cases = files = lost_cases = lost_files = 0
    for promise in [*promises(folder, "fill"), *promises(folder, "load")]:
        if promise["at"] > safe_at:
            continue
        cases += 1
        lost_cases += not Case.objects.filter(number=promise["case"]).exists()
        for told in promise["files"]:
            files += 1
            row = Attachment.objects.filter(pk=told["id"]).first()
            if row is None or row.state not in ("received", "stored"):
                found = ""
            elif row.state == "stored":
                found = default_storage.stored_digest(row.key)
            else:
                found = staging.digest(row.staging_path)
            lost_files += found != told["sha256"]
    drill.check(f"Of {cases} cases told to be safe, missing", lost_cases == 0, lost_cases)
    drill.check(f"Of {files} files, missing or other bytes", lost_files == 0, lost_files)


def check_files(drill, when):
    status, said, seconds = manage("verify_files")
    drill.check(f"verify_files {when} ({seconds:.1f} s)", status == 0, said.splitlines()[-1])


def check_all_is_done(drill):
    from django.utils import timezone

    from portal.work import kinds

    waiting = sum(model.objects.left_behind(timezone.now()).count() for model in kinds())
    drill.check("Work that is left", waiting == 0, waiting)


def check_refusals(drill, folder, backup):
    from cases.models import Case

    before = Case.objects.count()
    for pattern in ("database-*", "objects/attachments/*", "manifest.json"):
        copy = folder / "damaged"
        shutil.copytree(backup, copy)
        path = sorted(copy.glob(pattern))[0]
        flip_a_byte(path)
        status, said, _ = manage("restore", str(copy), "--force")
        name = str(path.relative_to(copy))
        good = status and "damaged" in said and name in said and Case.objects.count() == before
        drill.check(f"A byte flipped in {pattern} is refused", good, said.strip().splitlines()[-1])
        shutil.rmtree(copy)


def flip_a_byte(path):
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0xFF]))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--cases", type=int, default=1000)
    arguments.add_argument("--work", choices=["fill", "load"], help=argparse.SUPPRESS)
    arguments.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments.add_argument("--told", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    sys.path.insert(0, str(ROOT))
    if options.work:
        work(options.work, options.cases, options.seed, options.told)
        return 0
    drill = Drill()
    with tempfile.TemporaryDirectory(prefix="restore-drill-") as name:
        portal = Portal(Path(name))
        try:
            run(drill, portal, Path(name), options.cases)
        finally:
            portal.remove()
    print(f"{drill.passed} passed, {drill.failed} failed")
    return 1 if drill.failed else 0


if __name__ == "__main__":
    sys.exit(main())
