"""Put load on the real stack while everything fails that can fail, and see that nothing is lost.

    make proof ONLY=drill           a tenth of it, some minutes
    make proof ONLY=drill DOSE=10   the whole, more than an hour

Dentists send cases with files, book sessions and cause mails, while processes are killed, workers
die at named places or sleep past their lease, and PostgreSQL, Valkey, the S3 server, the mail
server and the staging disk fail in turn, in an order and at moments that `--seed` decides. Then
everything must be there within five minutes, once. Two controls take a guard away and must lose or
repeat something. Prints its counts and, as its last line, `N passed, N failed`; ends with 1 when
one failed.
"""

import argparse
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
from pathlib import Path

import django

from drills.dentists import Dentist
from drills.servers.faults import FaultProxy
from drills.servers.nginx import Nginx
from drills.servers.portal import Portal
from drills.servers.services import Services, family_of, until

MIB = 1024**2
CLIENTS = 5
CASES = 200
AWAY_SECONDS = 300
SETTLED_WITHIN = 300
STAGING_DISK = "1536m"
# How often each thing happens in the whole drill, which is DOSE=10.
WHOLE = {
    "a process of a worker is killed": 100,
    "a worker is killed": 50,
    "a web process is killed": 50,
    "beat is killed": 20,
    "all is restarted as by a deploy": 20,
    "Valkey is emptied": 10,
    "Valkey is killed": 10,
    "Valkey is away": 10,
    "Valkey is full": 10,
    "S3 refuses": 10,
    "S3 hangs": 10,
    "S3 answers 503": 10,
    "S3 cuts the line": 10,
    "S3 flips a byte": 10,
    "PostgreSQL is stopped at once": 20,
    "the mail server is away": 20,
    "the mail server answers 4xx": 20,
    "the mail server answers 5xx": 20,
    "the mail server drops the line before its 250": 20,
    "the staging disk is full": 5,
}
DEATHS_A_PLACE = 3
SLEEPS = 20
SIGKILL = signal.SIGKILL
SLEPT = "workers that slept past their lease"
# In minutes a few dentists do here what a practice does in months.
OUT_OF_THE_WAY = " ".join(
    f"{what}_an_hour_a_{whose}=1000000"
    for what in ("cases", "messages", "updates", "uploads")
    for whose in ("person", "practice")
)
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
        crashing = super().commands()
        return {
            name: command.replace("-A portal worker", "-A drills.crashing worker")
            for name, command in crashing.items()
        }

    def keep(self, name, command, **more):
        return super().keep(name, command, KEPT_BY_DRILL=str(self.folder), **more)

    def kept_as(self, word):
        return [one for name, one in self.kept.items() if name.startswith(word)]

    def careless_worker(self, number):
        """A worker that does work without claiming it first; not started yet."""
        command = self.commands()[f"worker{number}"]
        return self.keep(f"careless{number}", command, DRILL_WITHOUT_CLAIMS="1")

    def left_behind(self):
        """What outlived the portal, which is killed."""
        time.sleep(1)
        left = {pid: _about(pid) for pid in self._strays()}
        _signal(left, SIGKILL)
        return list(left.values())

    def _strays(self):
        """Whatever works on this folder and is no longer a child of ours."""
        mark = f"KEPT_BY_DRILL={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                pid = int(entry.name)
                if pid != os.getpid() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield pid


def _about(pid):
    with suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return f"{state} {command[:120]}"
    return "gone"


def _signal(pids, number):
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


class Stage:
    """The servers, a staging disk of its own, and the portal that runs on them."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.services = Services(folder / "services")
        self.proxy = FaultProxy(self.services.storage, seed)
        self.staging = folder / "staging"
        # Only root may mount a disk that can be filled without harm.
        self.has_own_disk = os.getuid() == 0
        environment = {**self.services.environment, **self.proxy.environment}
        environment |= {"STAGING_DIR": str(self.staging), "LIMITS": OUT_OF_THE_WAY}
        self.portal = DrilledPortal(folder / "portal", LOG_FORMAT="text", **environment)
        self.front = Nginx(folder / "nginx", self.portal.addresses)
        self.left_behind = []

    @contextmanager
    def open(self, members):
        """Everything runs until the block ends; gives a Dentist for each of so many members."""
        with self.services, self.proxy, self._own_disk(), self.front:
            os.environ.update(self.portal.environment)
            self.portal.start()
            django.setup()
            dentist_pk, session_keys = self.portal.move_in(members)
            try:
                address = [self.front.environment["SITE_URL"]]
                yield [Dentist(address, key, dentist_pk) for key in session_keys]
            finally:
                self.portal.stop()
                self.left_behind = self.portal.left_behind()

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

    def mails(self):
        return self.services.mail.mails()


class Faults:
    """Everything that can fail. Each public method lets it fail once, and be well again."""

    def __init__(self, stage, poke, rng, dose):
        self.stage, self.poke, self.rng, self.dose = stage, poke, rng, dose
        self.services, self.portal = stage.services, stage.portal
        self.counts = Counter()

    def events(self):
        """Pairs of a name and what is then done, in the order of this seed."""
        s3, mail, broker = self._s3, self._mail, self.services.broker
        workers = self.portal.kept_as("worker")
        deeds = {
            "a process of a worker is killed": lambda: self._kill_child(workers),
            "a worker is killed": lambda: self.rng.choice(workers).send(SIGKILL),
            "a web process is killed": lambda: self._kill_child(self.portal.kept_as("web")),
            "beat is killed": lambda: self.portal.kept["beat"].send(SIGKILL),
            "all is restarted as by a deploy": self._deploy,
            "Valkey is emptied": broker.empty,
            "Valkey is killed": lambda: self._away(broker, 0),
            "Valkey is away": lambda: self._away(broker, AWAY_SECONDS * self.dose / 10),
            "Valkey is full": self._valkey_full,
            "S3 refuses": lambda: s3("refuse", 4),
            "S3 hangs": lambda: s3("hang", 15),
            "S3 answers 503": lambda: s3("unavailable", 4),
            "S3 cuts the line": lambda: s3("cut", 4),
            "S3 flips a byte": lambda: s3("flip", 4),
            "PostgreSQL is stopped at once": self._postgres,
            "the mail server is away": lambda: self._away(self.services.mail, 2),
            "the mail server answers 4xx": lambda: mail("refuse-4xx"),
            "the mail server answers 5xx": lambda: mail("refuse-5xx"),
            "the mail server drops the line before its 250": lambda: mail("drop"),
        }
        if self.stage.has_own_disk:
            deeds["the staging disk is full"] = self._disk_full
        events = [(name, deed) for name, deed in deeds.items() for _ in range(self.times(name))]
        events += self._deaths()
        self.rng.shuffle(events)
        return events

    def times(self, name):
        return self.share(WHOLE[name])

    def share(self, whole):
        return max(1, round(whole * self.dose / 10))

    def _deaths(self):
        from drills.crashing import PLACES

        return [
            (f"a worker dies at: {place}", lambda place=place: self._die_at(place))
            for place in PLACES
            for _ in range(self.share(DEATHS_A_PLACE))
        ]

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

    def _s3(self, mode, seconds):
        self.stage.proxy.mode = mode
        self.poke()
        time.sleep(seconds)
        self.stage.proxy.mode = "pass"

    def _postgres(self):
        self.services.database.stop("immediate")
        time.sleep(1)
        self.services.database.start()

    def _mail(self, mode):
        self.services.mail.mode = mode
        self.poke()
        time.sleep(2)
        self.services.mail.mode = "normal"

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
        self.counts["places that nobody came by"] += 1

    def sleep(self):
        """Workers stop in the middle of their work for longer than their lease, and go on."""
        from portal.work import LEASE

        rng, wanted = random.Random(self.rng.random()), self.share(SLEEPS)
        deadline = time.monotonic() + 4 * wanted * LEASE.total_seconds()
        while self.counts[SLEPT] < wanted and time.monotonic() < deadline:
            place = rng.choice(PLACES_OF_SLEEP)
            stopped = self.portal.folder / "stopped" / place
            (self.portal.folder / "stop" / place).touch()
            if until(lambda stopped=stopped: stopped.exists() and stopped.read_text(), 60):
                family = family_of(int(stopped.read_text()))
                stopped.unlink()
                _signal(family, signal.SIGSTOP)
                time.sleep(LEASE.total_seconds() + 5)
                _signal(family, signal.SIGCONT)
                self.counts[SLEPT] += 1
            else:
                self.poke()


class Drill:
    """The load on a stage, and what became of it."""

    def __init__(self, stage, dentists, dose, seed):
        self.stage, self.dose, self.seed = stage, dose, seed
        *self.dentists, self.poker = dentists
        self.rng = random.Random(seed)
        self.faults = Faults(stage, self.poke, self.rng, dose)
        self.sent, self.troubles = [], []
        self._lock, self._poking = threading.Lock(), threading.Lock()

    def run(self):
        """All faults one after the other, with the cases spread evenly between them."""
        events, tickets = self.faults.events(), threading.Semaphore(0)
        cases = max(1, round(CASES * self.dose / 10))
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
        from drills.verdict import offer_block, steadily

        tickets.acquire()
        rng = random.Random(f"{self.seed} {at}")
        # Between 1 and 64 MB, as often small as large.
        sizes = [int(MIB * 64 ** rng.random()) for _ in range(rng.randint(1, 3))]
        files = {f"scan-{number}.bin": rng.randbytes(size) for number, size in enumerate(sizes)}
        with self._a_dentist() as dentist:
            sent = dentist.send_case(rng, files)
            self._note(sent)
            dentist.write(sent, "Is all there?")
            if at % 2 == 0:
                dentist.book(sent, steadily(lambda: offer_block(sent.number, at)))

    @contextmanager
    def _a_dentist(self):
        with self._lock:
            dentist = self.dentists.pop()
        yield dentist
        with self._lock:
            self.dentists.append(dentist)

    def _note(self, sent):
        with self._lock:
            self.sent.append(sent)

    def poke(self, place=""):
        """Give the workers something to do just now, such as what leads them by `place`."""
        with self._poking:
            self._poke(place)

    def _poke(self, place):
        if place.startswith("sweep"):
            from kombu.exceptions import OperationalError

            from portal.periodic import sweep

            with suppress(OperationalError):
                sweep.delay()
        elif place.startswith("remove_attachment"):
            location = self.poker.upload(str(uuid.uuid4()), "wrong.bin", bytes(9999))
            self.poker.remove(location)
        else:
            body = self.rng.randbytes(100_000)
            self._note(self.poker.send_case(self.rng, {"small.bin": body}))

    def settle(self):
        """Wait until all is done; returns the seconds it took, or None when it did not."""
        from drills.verdict import steadily, unfinished

        began = time.monotonic()

        def settled():
            return not steadily(unfinished).total() and not any(self.stage.staging.iterdir())

        return time.monotonic() - began if until(settled, SETTLED_WITHIN) else None

    def verdict(self, seconds):
        from drills.verdict import Verdict

        judge = Verdict(self.sent, self.stage.mails())
        settled = (
            f"all was done {seconds:.0f} s after the last fault" if seconds is not None else ""
        )
        judge.say(seconds is None, settled or f"not all was done after {SETTLED_WITHIN} s")
        judge.say(
            self.troubles, f"dentists who had to give up {len(self.troubles)}", *self.troubles
        )
        missed = self.faults.counts["places that nobody came by"]
        judge.say(missed, f"places of death that nobody came by {missed}")
        slept, wanted = self.faults.counts[SLEPT], self.faults.share(SLEEPS)
        judge.say(slept < wanted, f"{SLEPT} {slept} of {wanted}")
        judge.nothing_else_is_there(self.stage.staging)
        return judge.nothing_is_lost()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--dose", type=float, default=1, help="1 is a tenth, 10 the whole")
    arguments.add_argument("--seed", type=int, default=1)
    options = arguments.parse_args()
    print(f"Drill with dose {options.dose:g} and seed {options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="drill-"))
    stage = Stage(folder, options.seed)
    with stage.open(CLIENTS + 1) as dentists:
        drill = Drill(stage, dentists, options.dose, options.seed)
        drill.run()
        lines = drill.verdict(drill.settle())
        lines += controls(drill)
    lines.append((not stage.left_behind, f"processes left behind {len(stage.left_behind)}"))
    lines += [(None, f"    {process}") for process in stage.left_behind]
    return report(lines, folder)


def report(lines, folder):
    """Print all lines and the counts; returns the exit status."""
    for passed, sentence in lines:
        print(f"{'' if passed is None else 'ok    ' if passed else 'FAILED'} {sentence}")
    failed = sum(passed is False for passed, _ in lines)
    if failed:
        print(f"The logs of all processes are in {folder}.")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{sum(passed is True for passed, _ in lines)} passed, {failed} failed")
    return 1 if failed else 0


def controls(drill):
    """Take a guard away each, and see that something is lost or happens twice."""
    yield _without_sweep(drill)
    yield _without_claims(drill)


def _without_sweep(drill):
    from drills.verdict import unfinished

    portal = drill.stage.portal
    portal.kept["beat"].stop()
    families = [pid for worker in portal.kept_as("worker") for pid in worker.family]
    _signal(families, signal.SIGSTOP)
    for _ in range(3):
        drill.poke()
    drill.stage.services.broker.empty()
    _signal(families, signal.SIGCONT)
    time.sleep(10)
    left = unfinished().total()
    return left > 0, f"control: without the sweep, emptying Valkey leaves {left} rows undone"


def _without_claims(drill):
    from portal.models import Email

    portal = drill.stage.portal
    for worker in portal.kept_as("worker"):
        worker.stop()
    careless = [portal.careless_worker(number) for number in (1, 2)]
    for worker in careless:
        worker.start()
    mails = list(Email.objects.order_by("-pk")[:5])
    for mail in mails:
        for _ in range(4):
            mail.hand_over()

    def sent_twice():
        ids = Counter(mail["Message-ID"].partition("@")[0] for mail in drill.stage.mails())
        return sum(ids[f"<{mail.kind}.{mail.pk}"] > 1 for mail in mails)

    until(lambda: sent_twice() == len(mails), 60)
    for worker in careless:
        worker.stop()
    twice = sent_twice()
    return twice > 0, f"control: without claims, {twice} of {len(mails)} mails are sent twice"


if __name__ == "__main__":
    sys.exit(main())
