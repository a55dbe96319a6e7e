"""Put load on the real stack while everything fails that can fail, and see that nothing is lost.

    make proof ONLY=drill           a tenth of it, some minutes
    make proof ONLY=drill DOSE=10   the whole, more than an hour

Dentists send cases with files, book sessions and cause mails, while processes are killed, workers
die at named places or sleep past their lease, and PostgreSQL, Valkey, the S3 server, the mail
server and the staging disk fail in turn, in an order and at moments that SEED decides. Then
everything must be there within five minutes, once. Two controls take a guard away and must lose or
repeat something.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import django

from drills.checks import Checks
from drills.dentists import OUT_OF_THE_WAY, Dentist
from drills.servers.faults import FaultyS3
from drills.servers.nginx import Nginx
from drills.servers.portal import Portal, stop_all
from drills.servers.services import Services, family_of, signal_all, until

MIB = 1024**2
CLIENTS = 5
SETTLED_WITHIN = 300
STAGING_DISK = "1536m"
# How often each happens, and how many cases are sent, in the whole drill, which is DOSE=10.
CASES, DEATHS_A_PLACE, SLEEPS = 200, 3, 20
AWAY_SECONDS = 300
PLACES_OF_SLEEP = ["store_attachment before store", "store_attachment before finish"]


class DrilledPortal(Portal):
    """Two web servers, two workers that die where they are told to, and beat."""

    workers = 2

    def __init__(self, folder, **environment):
        webs, others = ("web1", "web2"), ("worker1", "worker2", "beat")
        super().__init__(folder, webs, others, **environment)
        self.environment["DRILL_DIR"] = str(folder)
        for name in ("die", "stop", "stopped"):
            (folder / name).mkdir()

    def commands(self):
        return {
            name: command.replace("-A portal worker", "-A drills.crashing worker")
            for name, command in super().commands().items()
        }

    def kept_as(self, word):
        return [one for name, one in self.kept.items() if name.startswith(word)]

    def careless_worker(self, number):
        """A worker that does work without claiming it first; not started yet."""
        command = self.commands()[f"worker{number}"]
        return self.keep(f"careless{number}", command, DRILL_WITHOUT_CLAIMS="1")


class Stage:
    """The servers, a staging disk of its own, and the portal that runs on them."""

    def __init__(self, folder, seed):
        self.services = Services(folder / "services")
        self.s3 = FaultyS3(self.services.storage, seed)
        self.staging = folder / "staging"
        # Only root may mount a disk that can be filled without harm.
        self.has_own_disk = os.getuid() == 0
        environment = {**self.services.environment, **self.s3.environment}
        environment |= {"STAGING_DIR": str(self.staging), "LIMITS": OUT_OF_THE_WAY}
        self.portal = DrilledPortal(folder / "portal", LOG_FORMAT="text", **environment)
        self.front = Nginx(folder / "nginx", self.portal.addresses)

    @contextmanager
    def open(self, members):
        """Everything runs until the block ends; gives a Dentist for each of so many members."""
        with self.services, self.s3, self._own_disk(), self.front, self.portal.running():
            os.environ.update(self.portal.environment)
            django.setup()
            dentist_pk, session_keys = self.portal.move_in(members)
            address = self.front.environment["SITE_URL"]
            yield [Dentist(address, key, dentist_pk) for key in session_keys]

    @contextmanager
    def _own_disk(self):
        self.staging.mkdir()
        if not self.has_own_disk:
            print("Left out, as only root may mount a disk: the staging disk is full", flush=True)
            yield
            return
        mount = ["mount", "-t", "tmpfs", "-o", f"size={STAGING_DISK},mode=700", "tmpfs"]
        subprocess.run([*mount, self.staging], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "--lazy", self.staging], check=False)


class Faults:
    """Everything that can fail. Each method lets it fail once, and be well again."""

    def __init__(self, stage, poke, rng, dose):
        self.stage, self.poke, self.rng, self.dose = stage, poke, rng, dose
        self.services, self.portal = stage.services, stage.portal
        self.slept, self.passed_by = 0, []

    def events(self):
        """Pairs of a name and what is then done, in the order of this seed."""
        from drills.crashing import PLACES

        s3, mail, broker = self._s3, self._mail, self.services.broker
        storage, workers = self.services.storage, self.portal.kept_as("worker")
        whole = [
            (100, "a process of a worker is killed", lambda: self._kill_child(workers)),
            (50, "a worker is killed", lambda: self.rng.choice(workers).send(signal.SIGKILL)),
            (50, "a web process is killed", lambda: self._kill_child(self.portal.kept_as("web"))),
            (20, "beat is killed", lambda: self.portal.kept["beat"].send(signal.SIGKILL)),
            (20, "all is restarted as by a deploy", self._deploy),
            (10, "Valkey is emptied", broker.empty),
            (10, "Valkey is killed", lambda: self._away(broker, 0)),
            (10, "Valkey is away", lambda: self._away(broker, AWAY_SECONDS * self.dose / 10)),
            (10, "Valkey is full", self._valkey_full),
            (10, "S3 is away", lambda: self._away(storage, 4)),
            (10, "S3 hangs", self._s3_hangs),
            (10, "S3 answers 503", lambda: s3("unavailable")),
            (10, "S3 cuts the line", lambda: s3("cut")),
            (10, "S3 flips a bit", lambda: s3("flip")),
            (20, "PostgreSQL is stopped at once", self._postgres),
            (20, "the mail server is away", lambda: self._away(self.services.mail, 2)),
            (20, "the mail server answers 4xx", lambda: mail("refuse-4xx")),
            (20, "the mail server answers 5xx", lambda: mail("refuse-5xx")),
            (20, "the mail server drops the line before its 250", lambda: mail("drop")),
        ]
        if self.stage.has_own_disk:
            whole.append((5, "the staging disk is full", self._disk_full))
        for place in PLACES:
            deed = partial(self._die_at, place)
            whole.append((DEATHS_A_PLACE, f"a worker dies at: {place}", deed))
        events = [(name, deed) for times, name, deed in whole for _ in range(self.share(times))]
        self.rng.shuffle(events)
        return events

    def share(self, whole):
        return max(1, round(whole * self.dose / 10))

    def _kill_child(self, processes):
        until(lambda: self.rng.choice(processes).kill_a_child(self.rng), 30)

    def _deploy(self):
        for process in self.portal.kept.values():
            process.send(signal.SIGTERM)
        time.sleep(2)

    def _away(self, server, seconds):
        server.kill()
        self.poke()
        time.sleep(seconds)
        server.start()

    def _valkey_full(self):
        self.services.broker.fill()
        self.poke()
        time.sleep(2)
        self.services.broker.drain()

    def _s3(self, fault):
        self.stage.s3.fault = fault
        self.poke()
        time.sleep(4)
        if not until(lambda: fault in self.stage.s3.fell, 60):
            self.passed_by.append(f"S3: {fault}")
        self.stage.s3.fault = ""

    def _s3_hangs(self):
        self.services.storage.pause()
        self.poke()
        time.sleep(15)
        self.services.storage.resume()

    def _postgres(self):
        self.services.database.stop("immediate")
        time.sleep(1)
        self.services.database.start()

    def _mail(self, mode):
        self.services.mail.become(mode)
        self.poke()
        time.sleep(2)
        self.services.mail.become("normal")

    def _disk_full(self):
        ballast = self.stage.staging / "ballast"
        with suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(bytes(MIB))
        time.sleep(4)
        ballast.unlink()

    def _die_at(self, place):
        armed = self.portal.folder / "die" / place
        armed.touch()
        for _ in range(30):
            self.poke(place)
            if until(lambda: not armed.exists(), 4):
                return
        armed.unlink(missing_ok=True)
        self.passed_by.append(place)

    def sleep(self):
        """Workers stop in the middle of their work for longer than their lease, and go on."""
        from portal.work import LEASE

        rng, wanted = random.Random(self.rng.random()), self.share(SLEEPS)
        deadline = time.monotonic() + 4 * wanted * LEASE.total_seconds()
        while self.slept < wanted and time.monotonic() < deadline:
            place = rng.choice(PLACES_OF_SLEEP)
            stopped = self.portal.folder / "stopped" / place
            (self.portal.folder / "stop" / place).touch()
            if until(lambda stopped=stopped: stopped.exists() and stopped.read_text(), 60):
                family = family_of(int(stopped.read_text()))
                stopped.unlink()
                signal_all(family, signal.SIGSTOP)
                time.sleep(LEASE.total_seconds() + 5)
                signal_all(family, signal.SIGCONT)
                self.slept += 1
            else:
                self.poke()


class Drill:
    """The load on a stage, and what became of it."""

    def __init__(self, stage, dentists, dose, seed):
        from drills import verdict

        self.stage, self.dose, self.seed, self.ledger = stage, dose, seed, verdict
        *self.dentists, self.poker = dentists
        self.rng = random.Random(seed)
        self.faults = Faults(stage, self.poke, self.rng, dose)
        self.sent, self.troubles = [], []
        self._lock, self._poking = threading.Lock(), threading.Lock()

    def run(self):
        """All faults one after the other, with the cases spread evenly between them."""
        events, tickets = self.faults.events(), threading.Semaphore(0)
        cases = self.faults.share(CASES)
        sleeping = threading.Thread(target=self.faults.sleep, daemon=True)
        sleeping.start()
        with ThreadPoolExecutor(CLIENTS) as together:
            loads = [together.submit(self._one_case, at, tickets) for at in range(cases)]
            for at, (name, deed) in enumerate(events, 1):
                for _ in range(cases * at // len(events) - cases * (at - 1) // len(events)):
                    tickets.release()
                time.sleep(self.rng.uniform(0.05, 0.5))
                began = time.monotonic()
                deed()
                print(f"{at:4}/{len(events)} {time.monotonic() - began:5.1f} s  {name}", flush=True)
            sleeping.join()
        self.troubles += [str(load.exception()) for load in loads if load.exception()]

    def _one_case(self, at, tickets):
        tickets.acquire()
        rng = random.Random(f"{self.seed} {at}")
        # Between 1 and 64 MB, as often small as large.
        sizes = [int(MIB * 64 ** rng.random()) for _ in range(rng.randint(1, 3))]
        files = {f"scan-{number}.bin": rng.randbytes(size) for number, size in enumerate(sizes)}
        with self._a_dentist() as dentist:
            sent = dentist.send_case(rng, files)
            self.sent.append(sent)
            dentist.write(sent, "Is all there?")
            if at % 2 == 0:
                offer = partial(self.ledger.offer_block, sent.number, at)
                dentist.book(sent, self.ledger.steadily(offer))

    @contextmanager
    def _a_dentist(self):
        with self._lock:
            dentist = self.dentists.pop()
        yield dentist
        with self._lock:
            self.dentists.append(dentist)

    def poke(self, place=""):
        """Give the workers something to do just now, such as what leads them by `place`."""
        from kombu.exceptions import OperationalError

        from portal.periodic import sweep

        with self._poking:
            if place.startswith("sweep"):
                with suppress(OperationalError):
                    sweep.delay()
            elif place.startswith("remove_attachment"):
                location = self.poker.upload(str(uuid.uuid4()), "wrong.bin", bytes(9999))
                self.poker.remove(location)
            else:
                body = self.rng.randbytes(100_000)
                self.sent.append(self.poker.send_case(self.rng, {"small.bin": body}))

    def judge(self, checks):
        """Wait until all is done, and see what is there."""
        began = time.monotonic()
        steadily, unfinished = self.ledger.steadily, self.ledger.unfinished

        def settled():
            return not steadily(unfinished).total() and not any(self.stage.staging.iterdir())

        done = until(settled, SETTLED_WITHIN)
        seconds = time.monotonic() - began
        checks.check(done, f"all is done at most {SETTLED_WITHIN} s after the end: {seconds:.0f} s")
        troubles, passed_by = self.troubles, self.faults.passed_by
        checks.check(not troubles, f"dentists who had to give up {len(troubles)}", *troubles)
        checks.check(not passed_by, f"faults that nobody came by {len(passed_by)}", *passed_by)
        slept, wanted = self.faults.slept, self.faults.share(SLEEPS)
        checks.check(slept >= wanted, f"workers slept past their lease {slept} of {wanted}")
        verdict = self.ledger.Verdict(checks, self.sent, self.stage.services.mail.mails())
        verdict.nothing_else_is_there(self.stage.staging)
        verdict.nothing_is_lost()

    # Two controls take a guard away each, and see that something is lost or happens twice.

    def without_sweep(self, checks):
        self.stage.portal.kept["beat"].stop()
        families = [pid for one in self.stage.portal.kept_as("worker") for pid in one.family]
        signal_all(families, signal.SIGSTOP)
        for _ in range(3):
            self.poke()
        self.stage.services.broker.empty()
        signal_all(families, signal.SIGCONT)
        time.sleep(10)
        left = self.ledger.unfinished().total()
        checks.check(left, f"control: without the sweep, emptying Valkey leaves {left} rows undone")

    def without_claims(self, checks):
        portal = self.stage.portal
        stop_all(portal.kept_as("worker"))
        careless = [portal.careless_worker(number) for number in (1, 2)]
        for worker in careless:
            worker.start()
        mails = self.ledger.latest_mails(5)
        for mail in mails * 4:
            mail.hand_over()

        def sent_twice():
            sent = self.stage.services.mail.mails()
            ids = Counter(mail["Message-ID"].partition("@")[0] for mail in sent)
            return sum(ids[f"<{mail.kind}.{mail.pk}"] > 1 for mail in mails)

        until(lambda: sent_twice() == len(mails), 60)
        stop_all(careless)
        twice = sent_twice()
        checks.check(twice, f"control: without claims, {twice} of {len(mails)} mails go out twice")


def main():
    dose, seed = float(os.environ.get("DOSE", "1")), int(os.environ.get("SEED", "1"))
    print(f"Drill with DOSE={dose:g} and SEED={seed}", flush=True)
    checks = Checks()
    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    stage = Stage(folder, seed)
    with stage.open(CLIENTS + 1) as dentists:
        drill = Drill(stage, dentists, dose, seed)
        drill.run()
        drill.judge(checks)
        drill.without_sweep(checks)
        drill.without_claims(checks)
    if checks.failed:
        print(f"The logs of all processes are in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
