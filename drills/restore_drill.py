"""Back up under load, lose everything, restore, and count what is missing.

    make proof ONLY=restore CASES=1000

Dentists send cases to a portal on the real stack, and go on while two backups are taken and no
worker runs, so that files and scripts are on their way. Then database, storage, mails and staging
folder are wiped and the second backup is restored. All that a dentist was told to be safe before it
began must be back.
"""

import os
import random
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import django

from drills.checks import Checks
from drills.dentists import OUT_OF_THE_WAY, Dentist
from drills.servers.portal import Portal
from drills.servers.services import ServiceError, Services, until

CLIENTS = 4
LOAD_SECONDS = 5  # before and after the backup
SETTLED_WITHIN = 300
MOST_MISSING_MINUTES, LONGEST_RESTORE_MINUTES = 5, 15


class Load:
    """Dentists who send small cases; `told` has a time and what was Sent, by when it was safe."""

    def __init__(self, dentists):
        self.dentists, self.told = dentists, []
        self._ended = threading.Event()

    def send(self, seed, cases=None):
        """Let one of them send so many cases, or go on until the end of `going_on`."""
        rng = random.Random(seed)
        while not self._ended.is_set() and cases != 0:
            names = [f"arch-{number}.stl" for number in range(rng.randint(1, 3))]
            files = {name: rng.randbytes(rng.randint(2_000, 60_000)) for name in names}
            sent = self.dentists[seed % CLIENTS].send_case(rng, files)
            self.told.append((time.time(), sent))
            cases = cases and cases - 1

    def fill(self, cases):
        with ThreadPoolExecutor(CLIENTS) as together:
            list(together.map(self.send, range(CLIENTS), [cases // CLIENTS] * CLIENTS))

    @contextmanager
    def going_on(self):
        with ThreadPoolExecutor(CLIENTS) as together:
            sending = [together.submit(self.send, CLIENTS + at) for at in range(CLIENTS)]
            try:
                yield
            finally:
                self._ended.set()
        for one in sending:
            one.result()


def lose_everything(services, portal):
    """As a fire does; the servers start anew at their old addresses."""
    services.stop()
    for server in services.all:
        shutil.rmtree(server.folder)
        server.folder.mkdir()
    shutil.rmtree(portal.folder / "staging")
    services.start()


def run_well(checks, portal, *words):
    """A check that a command ends well, and its first and last line."""
    try:
        good, said = True, portal.manage(*words)
    except ServiceError as problem:
        good, said = False, str(problem)
    lines = said.strip().splitlines() or [""]
    checks.check(good, f"{words[0]}: {lines[0]}", *lines[1:][-1:])


def run(checks, folder, services, portal, cases):
    from django.contrib.sessions.models import Session
    from django.db import connection

    from cases.models import Case
    from drills.verdict import Verdict, unfinished

    backup, mails = folder / "backup", services.mail.mails
    dentist_pk, session_keys = portal.move_in(CLIENTS)
    load = Load([Dentist(portal.urls[0], key, dentist_pk) for key in session_keys])
    load.fill(cases)
    settled = until(lambda: not unfinished().total(), SETTLED_WITHIN)
    checks.check(settled, f"{len(load.told)} cases were sent, and {len(mails())} mails")
    portal.kept["worker1"].stop()
    with load.going_on():
        time.sleep(LOAD_SECONDS)
        portal.manage("backup", str(backup))
        # Once more, as every few minutes: only what is new is copied.
        before, safe_at = len(load.told), time.time()
        portal.manage("backup", "--quick", str(backup))
        during = len(load.told)
        time.sleep(LOAD_SECONDS)
    after = len(load.told)
    checks.check(cases < before < after, f"cases sent meanwhile: {before}, {during}, {after}")
    waiting = len(list((backup / "staging").iterdir()))
    checks.check(waiting, f"files in the backup that were on their way: {waiting}")
    last = Case.objects.latest("created_at").created_at
    portal.stop()
    connection.close()
    lose_everything(services, portal)

    began = time.monotonic()
    run_well(checks, portal, "restore", str(backup))
    minutes, limit = (time.monotonic() - began) / 60, LONGEST_RESTORE_MINUTES
    checks.check(minutes < limit, f"it took {minutes:.2f} minutes, and {limit} are allowed")
    missing = (last - Case.objects.latest("created_at").created_at).total_seconds() / 60
    limit = MOST_MISSING_MINUTES
    checks.check(missing <= limit, f"missing are {missing:.2f} minutes, and {limit} are allowed")
    checks.check(not Session.objects.exists(), f"sessions {Session.objects.count()}")
    run_well(checks, portal, "migrate", "--check")
    run_well(checks, portal, "verify_files")
    until(lambda: portal.manage("sweep") and not unfinished().total(), SETTLED_WITHIN, pause=5)
    checks.check(not unfinished().total(), f"work that is left: {unfinished().total()}")
    run_well(checks, portal, "verify_files")
    safe = [sent for told_at, sent in load.told if told_at <= safe_at]
    verdict = Verdict(checks, safe)
    verdict.files()
    verdict.scripts()
    checks.check(not mails(), f"mails sent since the loss {len(mails())}")


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="restore-drill-") as name:
        folder = Path(name)
        services = Services(folder / "services", fast=True)
        portal = Portal(
            folder / "portal",
            others=("worker1",),
            STAGING_DIR=str(folder / "portal" / "staging"),
            LIMITS=OUT_OF_THE_WAY,
            **services.environment,
        )
        with services, portal.running():
            os.environ.update(portal.environment)
            django.setup()
            run(checks, folder, services, portal, int(os.environ.get("CASES", "1000")))
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
