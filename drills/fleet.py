"""Several hosts in one machine: cut some off, bring them back, and see that nothing is lost.

    make proof ONLY=fleet   five minutes, as root

Two web hosts, two worker hosts, a host with the servers and one with nginx and the browser, each
with its own address and disk, run the very units and the nginx configuration of `deploy/`. While
hosts vanish and return, dentists on slow lines upload, and the journey of a case goes through a
browser. Then everything must be there, once. A control takes the hash out of nginx, and uploads
must then be refused. Prints its counts and, as its last line, `N passed, N failed`; ends with 1
when one failed.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Thread

import django
import requests

from drills.dentists import GaveUp
from drills.servers.hosts import HOSTS, NUMBERS, PORT, UPLOADS_PORT, Fleet, RoundRobin
from drills.servers.network import Network, NetworkError
from drills.servers.portal import ROOT
from drills.servers.services import family_of, until
from drills.slow_dentist import SlowDentist

MIB = 1024**2
RATE = MIB // 2  # bytes a second
PASSWORD = "four-crowns-and-a-bridge"  # of tests/browser
LOCK = "import django; django.setup(); from drills import ledger; ledger.lock('{host}')"
READY_WITHIN = 120
SETTLED_WITHIN = 180


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


class Trial:
    """What happens to a Fleet that runs; `lines` are (passed, sentence) pairs."""

    def __init__(self, fleet, rng):
        from drills import ledger, people, verdict

        self.fleet, self.rng, self.ledger = fleet, rng, ledger
        self.network = fleet.network
        self.lines = []
        self.began = time.monotonic()
        self.sent, self.verdict = [], verdict
        # Mails that the demo wrote as if they had been sent, and files that it shows as failed.
        self.known = {*verdict.sent_mails().values_list("pk", flat=True)}
        self.failed = verdict.given_up()
        self.dentist_pk, self.session_keys = people.move_in(1)

    def say(self, passed, sentence):
        self.lines.append((bool(passed), sentence))
        print(f"{self._clock()} {'passed' if passed else 'FAILED'}: {sentence}", flush=True)

    def note(self, sentence):
        print(f"{self._clock()} {sentence}", flush=True)

    def _clock(self):
        return f"{time.monotonic() - self.began:4.0f} s"

    # Uploads

    def send(self, megabytes, breath=0, url=""):
        """A dentist who has begun to send a case with one file; `.case` is there when it is."""
        dentist = SlowDentist(
            url or self.fleet.url, self.session_keys[0], self.dentist_pk, RATE, breath
        )
        files = {f"scan-{secrets.token_hex(4)}.bin": self.rng.randbytes(megabytes * MIB)}
        dentist.name = next(iter(files))
        dentist.case = in_background(dentist.send_case, Random(dentist.name), files)
        return dentist

    def begin_on(self, host, megabytes, most=10):
        """Dentists who upload at the same time, two of them on this host."""
        dentists = []
        while len(self.ledger.on_host(host, dentists)) < 2 and len(dentists) < most:
            dentists.append(self.send(megabytes))
            name = dentists[-1].name
            until(lambda name=name: self.ledger.host_of(name), 20)
        return dentists

    def has_part(self, dentists, host, megabytes):
        """Wait until `host` has so much of the upload of each of these dentists."""
        keys = [self.ledger.key_of(one.name) for one in dentists]

        def is_there():
            paths = [self.fleet.staging(host) / key for key in keys]
            return all(path.exists() and path.stat().st_size >= megabytes * MIB for path in paths)

        return until(is_there, 60)

    def finish(self, dentists):
        """Wait for all cases of these dentists; how many arrived."""
        arrived = 0
        for dentist in dentists:
            try:
                self.sent.append(dentist.case.result(timeout=300))
            except (GaveUp, OSError, TimeoutError) as problem:
                self.note(f"An upload failed: {problem!r}")
            else:
                arrived += 1
        return arrived

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
        for pid in browser:
            os.kill(pid, signal.SIGSTOP)
        try:
            machine = self.network[host]
            until(lambda: not machine.requests_under_way(PORT), 20)
            yield
        finally:
            for pid in browser:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    # What happens

    def run(self):
        astray = self.control()
        away = self.a_web_host_stays_away()
        held = self.a_worker_host_stands_still()
        self.others_take_over(held)
        self.uploads_begin_again(*away)
        journey = self.the_journey_begins()
        self.both_are_cut_off_for_a_moment(journey)
        self.the_journey_ends(journey)
        arrived = self.finish(astray)
        self.say(
            arrived == len(astray), f"{arrived} of {len(astray)} uploads of the control arrived"
        )
        self.the_servers_vanish()
        self.all_is_there()

    def a_worker_host_stands_still(self):
        """Freeze work2 in the middle of its tasks; the claims it holds."""
        from portal.periodic import sweep

        sweep.delay()
        self.hold_a_lock("work2")
        until(lambda: len(self.ledger.claims()) >= 4, 40)
        self.network["work2"].freeze()
        self.frozen_at = time.monotonic()
        self.note("work2 stands still")
        # What is claimed for longer is not of work1, which goes on.
        time.sleep(16)
        held = self.ledger.claims(older_than=timedelta(seconds=15))
        self.say(held, f"work2 was frozen in the middle of {len(held)} claimed rows")
        return held

    def a_web_host_stays_away(self):
        away = self.begin_on("web1", 12)
        on_web1 = self.ledger.on_host("web1", away)
        self.has_part(on_web1, "web1", 2)
        self.network["web1"].cut_off()
        self.cut_at = time.monotonic()
        self.note(f"web1 is cut off with the first part of {len(on_web1)} of {len(away)} uploads")
        self.say(on_web1, "uploads were half done on web1 when it was cut off")
        return away, on_web1

    def hold_a_lock(self, host):
        """A process on this host that is in the middle of a transaction."""
        environment = {**os.environ, **self.fleet.settings}
        command = [*self.network[host].inside, "setpriv", "--pdeathsig", "KILL", sys.executable]
        locker = subprocess.Popen(
            [*command, "-c", LOCK.format(host=host)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is not for it
        )
        locker.stdout.readline()

    def others_take_over(self, held):
        free = until(lambda: self.ledger.is_free("work2"), 60)
        seconds = time.monotonic() - self.frozen_at
        self.say(free, f"a row that work2 had locked was free again after {seconds:.0f} s")
        done = until(lambda: self.ledger.are_done(held), 150)
        self.say(done, f"{len(held)} rows of work2 were done by others after their lease")
        before = self.ledger.about(held)
        taken = [pk for pk, row in before.items() if row["work_attempts"] > held[pk].work_attempts]
        self.say(len(taken) == len(held), f"{len(taken)} of them with an attempt of their own")
        self.network["work2"].thaw()
        self.note("work2 goes on")
        time.sleep(15)
        self.say(self.ledger.about(held) == before, "work2 came late and wrote over none of them")

    def the_journey_begins(self):
        settled = until(lambda: not self.ledger.unfinished(), SETTLED_WITHIN)
        self.say(settled, "the demo's scripts and mails are done")
        environment = {
            **os.environ,
            **self.fleet.settings,
            "DATA_DIR": str(self.fleet.services.mail.folder.parent),
            "PORTAL_URL": self.fleet.url,
            "PATIENCE": "6",
        }
        log = (self.fleet.folder / "journey.log").open("wb")
        command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--no-header"]
        command += ["-p", "no:cacheprovider", "tests/browser/test_journey.py"]
        self.note("The journey begins")
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )

    def uploads_begin_again(self, away, on_web1):
        arrived = self.finish(away)
        again = [one for one in on_web1 if one.is_taken_over]
        self.say(arrived == len(away), f"{arrived} of {len(away)} uploads arrived without web1")
        self.say(
            again == on_web1 and all(one.offsets.count(0) >= 2 for one in again),
            f"{len(again)} of them were begun again at web2, {time.monotonic() - self.cut_at:.0f} s"
            " after web1 was cut off at the latest",
        )
        self.network["web1"].bring_back()
        self.say(self.is_heard("web1", self.ledger.now()), "web1 is heard from again")

    def both_are_cut_off_for_a_moment(self, journey):
        self.let_nginx_find_out()
        dentists = self.begin_on("web1", 16)
        on_web1 = self.ledger.on_host("web1", dentists)
        self.has_part(on_web1, "web1", 2)
        locations = [one.location for one in on_web1]
        self.say(journey.poll() is None, "the journey was under way when both were cut off")
        with self.between_requests(journey, "web1"):
            for host in ("web1", "work2"):
                self.network[host].cut_off()
        self.note(f"web1 with {len(on_web1)} half uploads and work2 are cut off")
        time.sleep(25)
        for host in ("web1", "work2"):
            self.network[host].bring_back()
        self.note("web1 and work2 are back")
        arrived = self.finish(dentists)
        self.say(arrived == len(dentists), f"{arrived} of {len(dentists)} uploads arrived")
        went_on = [
            one
            for one, location in zip(on_web1, locations, strict=True)
            if one.location == location and one.created == 1 and one.offsets[-1] > MIB
        ]
        self.say(
            len(went_on) == len(on_web1) and not any(one.is_taken_over for one in on_web1),
            f"{len(went_on)} of {len(on_web1)} on web1 went on where they were, under the same id",
        )

    def the_journey_ends(self, journey):
        code = journey.wait(timeout=400)
        log = (self.fleet.folder / "journey.log").read_text(errors="replace")
        if code:
            print(log[-6000:])
        counts = [line for line in log.splitlines() if re.match(r"\d+ (passed|failed)", line)]
        self.say(code == 0, f"the journey through nginx: {' '.join(counts)}")

    def the_servers_vanish(self):
        self.network["data"].cut_off()
        self.note("PostgreSQL, Valkey, S3 and the mail server are cut off from everybody")
        time.sleep(12)
        self.network["data"].bring_back()
        back = self.ledger.now()
        heard = [host for host in HOSTS if self.is_heard(host, back)]
        self.say(heard == HOSTS, f"workers that came back by themselves: {', '.join(heard)}")
        self.nothing_was_restarted()

    def nothing_was_restarted(self):
        """But for what stood still: Celery may not survive time limits that ran out meanwhile."""
        again = {
            host: sum(unit.starts - 1 for unit in units) for host, units in self.fleet.units.items()
        }
        frozen = again.pop("work2")
        self.say(
            not sum(again.values()),
            f"units that ended by themselves and were started again: {sum(again.values())}, "
            f"and {frozen} on the host that stood still",
        )

    def is_heard(self, host, since, seconds=120):
        return until(lambda: self.ledger.heard_since(host, since), seconds)

    def all_is_there(self):
        from cases.periodic import expire_uploads

        settled = until(lambda: not self.ledger.unfinished(), SETTLED_WITHIN)
        self.say(settled, f"rows unfinished: {self.ledger.unfinished()}")
        expire_uploads()
        folders = [self.fleet.staging(host) for host in HOSTS]

        def left():
            return [path for folder in folders if folder.is_dir() for path in folder.iterdir()]

        until(lambda: not left(), 40)
        self.say(not left(), f"files left in the staging folders: {len(left())}")
        mails = self.fleet.services.mail.mails()
        judge = self.verdict.Verdict(self.sent, mails, self.known, self.failed)
        for passed, sentence in judge.nothing_is_lost():
            self.note(sentence) if passed is None else self.say(passed, sentence)

    def control(self):
        """With the hash, uploads whose line breaks find their host; without it they must not."""
        with_hash = [self.send(2, breath=MIB // 2) for _ in range(4)]
        self.finish(with_hash)
        refused = sum(one.answers[503] + one.answers[409] for one in with_hash)
        self.say(not refused, f"with the hash in nginx, requests refused: {refused}")
        self.fleet.nginx.stop()
        with self.fleet.make_nginx(RoundRobin):
            astray = [self.send(2, breath=MIB // 2) for _ in range(4)]
            time.sleep(8)
            refused = sum(one.answers[503] + one.answers[409] for one in astray)
        self.fleet.nginx.start()
        self.say(refused, f"control: without the hash, requests refused: {refused}")
        return astray


def run(network, folder):
    """Everything from the servers to the last count; the lines of the trial."""
    fleet = Fleet(network, folder)
    with fleet.services:
        print("The servers answer.", flush=True)
        fleet.manage("prepare")
        fleet.manage("demo", "--password", PASSWORD)
        os.environ.update(fleet.settings, DATA_DIR=str(folder / "office"), STAGING_HOST="office")
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        django.setup()
        fleet.make_hosts()
        trial = Trial(fleet, Random(1))
        with fleet.nginx:
            try:
                fleet.start_hosts()
                if not until(lambda: is_ready(fleet, trial), READY_WITHIN):
                    sys.exit("The hosts did not start:\n" + tails(fleet))
                trial.note("All hosts are heard from")
                trial.run()
            finally:
                for host in HOSTS:
                    network[host].thaw()
                killed = fleet.stop_hosts()
        trial.say(not killed, f"units that did not end when they were asked to: {len(killed)}")
        if not all(passed for passed, _ in trial.lines):
            print(tails(fleet))
    return trial.lines


def is_ready(fleet, trial):
    hosts = [fleet.network[host].address for host in ("web1", "web2")]
    webs = [f"http://{host}:{port}/healthz" for host in hosts for port in (PORT, UPLOADS_PORT)]
    try:
        # By the name that people use: the portal answers to no other.
        name = {"Host": fleet.settings["ALLOWED_HOSTS"]}
        answers = [requests.get(web, headers=name, timeout=5).ok for web in webs]
    except requests.RequestException:
        return False
    return all(answers) and trial.ledger.known_hosts() == set(HOSTS)


def tails(fleet):
    units = [(host, unit) for host, units in fleet.units.items() for unit in units]
    return "\n".join(f"--- {host} {unit.name}\n{unit.log_tail()}" for host, unit in units)


def main():
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="fleet-"))
    try:
        with Network(NUMBERS) as network:
            network["front"].enter()
            lines = run(network, folder)
    except NetworkError as problem:
        sys.exit(str(problem))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    failed = [sentence for passed, sentence in lines if not passed]
    print(f"{len(lines) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
