"""What happens to a Fleet that runs: hosts are cut off and come back, and nothing gets lost.

Imported once Django is set up for the portal that is tried.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from threading import Thread

import requests
from django.db import OperationalError, transaction
from django.utils import timezone

from cases.models import Attachment, Prescription
from cases.periodic import expire_uploads
from drills import people, verdict
from drills.dentists import Dentist, GaveUp
from drills.fleet import HOSTS, PORT, RoundRobin
from drills.servers.portal import ROOT
from drills.servers.services import MORTAL, family_of, signal_all, until
from drills.verdict import steadily
from portal.models import Host
from portal.periodic import sweep
from portal.work import WorkState

MIB = 1024**2
RATE = MIB // 2  # bytes a second
# States are waited for, however busy the machine is; these only end what never comes.
SETTLED_WITHIN = 300
JOURNEY_WITHIN = 900
LOCK = """
import time
from django.db import transaction
from portal.models import Host
with transaction.atomic():
    Host.objects.select_for_update().get(name="work2")
    print("locked", flush=True)
    time.sleep(600)
"""


def in_background(deed, *arguments):
    """A Future of what `deed` gives; nobody who ends waits for it."""
    future = Future()

    def work():
        try:
            future.set_result(deed(*arguments))
        except (GaveUp, OSError) as problem:
            future.set_exception(problem)

    Thread(target=work, daemon=True).start()
    return future


def unfinished():
    """How many rows want work that is not done."""
    return steadily(verdict.unfinished).total()


def is_free(host):
    """Whether nobody has locked the row of this host."""
    try:
        with transaction.atomic():
            Host.objects.select_for_update(nowait=True).get(name=host)
    except OperationalError:
        return False
    return True


def claims():
    """Scripts that a worker has claimed, by key, and the number of the attempt."""
    rows = Prescription.objects.unfinished().filter(
        work_waits_for="", work_leased_until__gt=timezone.now()
    )
    return dict(rows.values_list("pk", "work_attempts"))


def scripts(keys):
    columns = ("pk", "work_state", "work_attempts", "file", "sha256")
    return list(Prescription.objects.filter(pk__in=keys).order_by("pk").values(*columns))


def refused(dentists):
    return sum(one.answers[503] + one.answers[409] for one in dentists)


class Trial:
    def __init__(self, fleet, rng, checks):
        self.fleet, self.rng, self.check = fleet, rng, checks.check
        self.checks, self.network = checks, fleet.network
        self.sent, self.log = [], fleet.folder / "journey.log"
        # Mails that the demo wrote as if they had been sent, and files that it shows as failed.
        self.known = {*verdict.sent_mails().values_list("pk", flat=True)}
        self.failed = verdict.given_up()
        self.dentist_pk, self.session_keys = people.move_in(1)

    def run(self):
        """All of it, up to the last count."""
        held = self.a_worker_host_stands_still()
        astray = self.control()
        away = self.a_web_host_stays_away()
        self.others_take_over(held)
        self.uploads_begin_again(*away)
        journey = self.the_journey_begins()
        self.both_are_cut_off_for_a_moment(journey)
        self.the_journey_ends(journey)
        arrived = self.finish(astray)
        self.check(arrived == len(astray), f"uploads of the control that arrived {arrived}")
        self.the_servers_vanish()
        self.all_is_there()

    # Uploads

    def send(self, megabytes, breath=0):
        """A dentist who has begun to send a case with one file; `.case` is there when it is."""
        key = self.session_keys[0]
        # A browser waits 45 s for a line that is dead.
        dentist = Dentist(self.fleet.url, key, self.dentist_pk, RATE, breath, silence=8)
        dentist.name = f"scan-{secrets.token_hex(4)}.bin"
        files = {dentist.name: self.rng.randbytes(megabytes * MIB)}
        dentist.case = in_background(dentist.send_case, self.rng, files)
        return dentist

    def begin_on(self, host, megabytes):
        """Dentists who upload, and those of them of whom this host has 2 MB and not all, if any."""
        dentists = []
        while len(self.parts_on(host, dentists)) < 2 and len(dentists) < 10:
            dentists.append(self.send(megabytes))
            until(Attachment.objects.filter(name=dentists[-1].name).exists, 60)
        parts = self.parts_on(host, dentists)
        until(lambda: all(self.has_2_mb(host, one) for one in parts), 60)
        return dentists, self.parts_on(host, dentists)

    def parts_on(self, host, dentists):
        files = Attachment.objects.filter(host=host, state=Attachment.State.UPLOADING)
        names = {*files.values_list("name", flat=True)}
        return [one for one in dentists if one.name in names]

    def has_2_mb(self, host, dentist):
        key = Attachment.objects.get(name=dentist.name).pk.hex
        with suppress(FileNotFoundError):
            return (self.fleet.staging(host) / key).stat().st_size >= 2 * MIB
        return dentist.case.done()

    def finish(self, dentists):
        """Wait for all cases of these dentists; how many arrived."""
        arrived = []
        for dentist in dentists:
            try:
                arrived.append(dentist.case.result(timeout=SETTLED_WITHIN))
            except (GaveUp, OSError, TimeoutError) as problem:
                print(f"       An upload failed: {problem!r}", flush=True)
        self.sent += arrived
        return len(arrived)

    # What happens

    def control(self):
        """With the hash, uploads whose line breaks find their host; without it they must not."""
        with_hash = [self.send(2, breath=MIB // 2) for _ in range(4)]
        self.finish(with_hash)
        count = refused(with_hash)
        self.check(not count, f"with the hash in nginx, requests refused: {count}")
        self.fleet.nginx.stop()
        with self.fleet.make_nginx(RoundRobin):
            astray = [self.send(2, breath=MIB // 2) for _ in range(4)]
            until(lambda: refused(astray), 60)
        self.fleet.nginx.start()
        count = refused(astray)
        self.check(count, f"control: without the hash, requests refused: {count}")
        return astray

    def a_worker_host_stands_still(self):
        """Freeze work2 in the middle of its tasks; the claims it holds, all others having none."""
        # Nobody else may claim anything meanwhile.
        self.network["work1"].signal(signal.SIGSTOP)
        others = claims().keys()
        self.hold_a_lock()
        sweep.delay()
        until(lambda: len(claims().keys() - others) >= 2)
        self.network["work2"].freeze()
        held = {pk: attempt for pk, attempt in claims().items() if pk not in others}
        self.network["work1"].signal(signal.SIGCONT)
        self.check(held, f"work2 was frozen in the middle of {len(held)} claimed rows")
        return held

    def hold_a_lock(self):
        """A process on work2 that is in the middle of a transaction."""
        locker = subprocess.Popen(
            [*self.network["work2"].inside, *MORTAL, sys.executable, "manage.py", "shell", "-v0"],
            cwd=ROOT,
            env={**os.environ, **self.fleet.settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is not for it
        )
        locker.stdin.write(LOCK.encode())
        locker.stdin.close()
        locker.stdout.readline()

    def a_web_host_stays_away(self):
        away, on_web1 = self.begin_on("web1", 12)
        self.network["web1"].cut_off()
        self.check(on_web1, f"{len(on_web1)} of {len(away)} uploads were half on web1, now cut off")
        return away, on_web1

    def others_take_over(self, held):
        free = until(lambda: is_free("work2"))
        self.check(free, "a row that work2 had locked is free again")

        def done():
            return all(row["work_state"] == WorkState.DONE for row in scripts(held))

        until(done, SETTLED_WITHIN)
        before = scripts(held)
        taken = [row for row in before if row["work_attempts"] > held[row["pk"]]]
        self.check(done(), f"{len(held)} rows of work2 were done by others after their lease")
        self.check(len(taken) == len(held), f"{len(taken)} of them with an attempt of their own")
        self.network["work2"].thaw()
        heard = self.is_heard("work2", timezone.now())
        late = "work2 came late and wrote over none of them"
        self.check(heard and scripts(held) == before, late)

    def uploads_begin_again(self, away, on_web1):
        arrived = self.finish(away)
        again = [one for one in on_web1 if one.is_taken_over and one.offsets.count(0) >= 2]
        self.check(arrived == len(away), f"{arrived} of {len(away)} uploads arrived without web1")
        self.check(again == on_web1, f"{len(again)} of them were begun again at web2")
        self.network["web1"].bring_back()
        self.check(self.is_heard("web1", timezone.now()), "web1 is heard from again")

    def the_journey_begins(self):
        settled = until(lambda: not unfinished(), SETTLED_WITHIN)
        self.check(settled, "the demo's scripts and mails are done")
        environment = {
            **os.environ,
            **self.fleet.settings,
            "DATA_DIR": str(self.fleet.services.mail.folder.parent),
            "PORTAL_URL": self.fleet.url,
            "PATIENCE": "6",
        }
        words = "-m pytest -n 0 -q --no-header -p no:cacheprovider tests/browser/test_journey.py"
        return subprocess.Popen(
            [sys.executable, *words.split()],
            cwd=ROOT,
            env=environment,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
        )

    def both_are_cut_off_for_a_moment(self, journey):
        self.let_nginx_find_out()
        dentists, on_web1 = self.begin_on("web1", 16)
        locations = [one.location for one in on_web1]
        self.check(journey.poll() is None, "the journey was under way when both were cut off")
        with self.between_requests(journey, "web1"):
            for host in ("web1", "work2"):
                self.network[host].cut_off()
        time.sleep(25)
        for host in ("web1", "work2"):
            self.network[host].bring_back()
        arrived = self.finish(dentists)
        self.check(arrived == len(dentists), f"{arrived} of {len(dentists)} uploads arrived")
        went_on = [
            one
            for one, location in zip(on_web1, locations, strict=True)
            if one.location == location and one.announced == 1 and one.offsets[-1] > MIB
        ]
        self.check(
            went_on and went_on == [one for one in on_web1 if not one.is_taken_over],
            f"{len(went_on)} of {len(on_web1)} on web1 went on where they were, under the same id",
        )

    def let_nginx_find_out(self):
        """Have nginx ask a host that is back: 10 s after the failure, and with one request only.

        Were that a long upload, all others would wait for its end.
        """
        time.sleep(10)
        for _ in range(10):
            requests.head(f"{self.fleet.url}/files/{uuid.uuid4()}/", timeout=20)

    @contextmanager
    def between_requests(self, journey, host):
        """Let the browser stand still, and this host answer nothing but uploads.

        What a host was about to answer when it vanished would be for the person to press again.
        """
        browser = family_of(journey.pid)
        signal_all(browser, signal.SIGSTOP)
        try:
            until(lambda: not self.network[host].requests_under_way(PORT), 20)
            yield
        finally:
            signal_all(browser, signal.SIGCONT)

    def the_journey_ends(self, journey):
        code = journey.wait(timeout=JOURNEY_WITHIN)
        said = self.log.read_text(errors="replace").strip().splitlines()
        self.check(code == 0, f"the journey through nginx: {said[-1]}", *said[-60:])

    def the_servers_vanish(self):
        self.network["data"].cut_off()
        time.sleep(12)
        self.network["data"].bring_back()
        back = timezone.now()
        heard = [host for host in HOSTS if self.is_heard(host, back)]
        self.check(heard == HOSTS, f"workers that came back by themselves: {', '.join(heard)}")
        # What stood still may start again: Celery's time limits ran out meanwhile.
        units = [one for host in HOSTS if host != "work2" for one in self.fleet.units[host]]
        again = [str(one.log) for one in units if one.starts > 1]
        self.check(not again, f"units that ended and were started again: {len(again)}", *again)

    def is_heard(self, host, since):
        rows = Host.objects.filter(name=host, heard_at__gt=since)
        return until(lambda: steadily(rows.exists), SETTLED_WITHIN)

    def all_is_there(self):
        settled = until(lambda: not unfinished(), SETTLED_WITHIN)
        self.check(settled, f"rows unfinished: {unfinished()}")
        expire_uploads()
        folders = [self.fleet.staging(host) for host in HOSTS]

        def left():
            return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]

        until(lambda: not left(), 60)
        self.check(not left(), f"files left in the staging folders: {len(left())}")
        mails = self.fleet.services.mail.mails()
        judge = verdict.Verdict(self.checks, self.sent, mails, self.known, self.failed)
        judge.nothing_is_lost()
