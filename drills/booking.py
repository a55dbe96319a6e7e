"""Book one block 32 times at once over HTTP, 20 rounds in a row, against the real web server.

Starts the broker and gunicorn as the Procfile says, with an own temporary DATA_DIR (SQLite).
Every case belongs to another practice, and every request comes from an own signed-in client.
Prints a line a round and ends with 1 unless each round has exactly one winner, no 5xx, one
mail to the winner's practice and none to the others.

    .venv/bin/python -m drills.booking [--rounds 20] [--clients 32]
"""

import argparse
import http.client
import os
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from datetime import timedelta
from urllib.parse import urlencode

from drills.servers.embedded import EmbeddedPortal


class Office:
    """A practice with one signed-in member and a case that is ready to plan."""

    def __init__(self, number, port):
        from accounts.models import Dentist, Practice, User

        name = f"Practice {number}"
        email = f"office{number}@bench.example"
        self.port = port
        self.practice = Practice.objects.create(name=name, email=email)
        self.dentist = Dentist.objects.create(
            practice=self.practice, name="Dr. May", license_number="1", license_state="Maine"
        )
        self.user = User.objects.create_user(
            f"member{number}@bench.example", practice=self.practice
        )
        self.session_key = self.sign_in()
        self.rounds = 0
        self.renew()

    def sign_in(self):
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        session = SessionStore()
        session[SESSION_KEY] = str(self.user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = self.user.get_session_auth_hash()
        session.save()
        return session.session_key

    def renew(self):
        from cases.models import Case
        from cases.progress import Progress

        self.rounds += 1
        self.case = Case.objects.create(
            number=f"{self.practice.pk:03}-{self.rounds}",
            practice=self.practice,
            dentist=self.dentist,
            patient_name="Pat Bench",
            created_by=self.user,
            progress=Progress.READY,
        )

    def is_scheduled(self):
        from cases.progress import Progress

        self.case.refresh_from_db(fields=["progress"])
        return self.case.progress == Progress.SCHEDULED

    def open_page(self):
        """Fetch the page as a browser would, and keep the connection and its form's token."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        page, headers = self.send("GET")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        cookie = re.search(r"csrftoken=([^;]+)", headers.get("Set-Cookie", ""))
        self.token, self.cookie = token[1], cookie[1]

    def send(self, method, fields=None):
        cookies = f"sessionid={self.session_key}"
        if fields:
            cookies += f"; csrftoken={self.cookie}"
        self.connection.request(
            method,
            f"/cases/{self.case.number}/schedule/",
            body=urlencode(fields) if fields else None,
            headers={"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"},
        )
        response = self.connection.getresponse()
        self.status = response.status
        return response.read().decode(), response.headers

    def press_go(self, block, barrier):
        fields = {"csrfmiddlewaretoken": self.token, "block": block.pk}
        barrier.wait()
        started = time.perf_counter()
        self.send("POST", fields)
        self.seconds = time.perf_counter() - started


def at_once(offices, block):
    """Let all press Go for one block at the same moment."""
    barrier = threading.Barrier(len(offices))
    threads = [threading.Thread(target=one.press_go, args=(block, barrier)) for one in offices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def play(number, offices, planner):
    """One round; prints its line and returns whether all is as it must be."""
    from django.utils import timezone

    from portal.models import Email
    from scheduling.models import Block, PlanningSession

    starts_at = timezone.now() + timedelta(days=1, hours=number)
    block = Block.objects.create(
        planner=planner, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
    )
    for office in offices:
        office.status, office.seconds = 0, 0.0
        office.open_page()
    mails_before = set(Email.objects.values_list("pk", flat=True))
    at_once(offices, block)
    statuses = Counter(office.status for office in offices)
    winners = [office for office in offices if office.is_scheduled()]
    booked = PlanningSession.objects.booked().filter(block=block).count()
    mails = [mail.to for mail in Email.objects.exclude(pk__in=mails_before)]
    to_practices = [to for to in mails if to.startswith("office")]
    good = (
        len(winners) == booked == 1
        and to_practices == [winners[0].practice.email]
        and statuses == {302: 1, 409: len(offices) - 1}
    )
    slowest = max(office.seconds for office in offices)
    print(
        f"round {number:2}: winners {len(winners)}, sessions {booked}, "
        f"statuses {dict(sorted(statuses.items()))}, mails to practices {len(to_practices)}, "
        f"to the planner {len(mails) - len(to_practices)}, slowest {slowest:.2f} s"
        f"{'' if good else '  WRONG'}",
        flush=True,
    )
    for winner in winners:
        winner.renew()
    return good, statuses


def run(port, rounds, clients):
    import django

    django.setup()
    from accounts.models import User
    from scheduling.models import Planner

    user = User.objects.create_user("planner@lab.example", name="Ann Lee", is_staff=True)
    planner = Planner.objects.create(user=user)
    offices = [Office(number, port) for number in range(1, clients + 1)]
    results = [play(number, offices, planner) for number in range(1, rounds + 1)]
    good = sum(is_good for is_good, _ in results)
    errors = sum(n for _, statuses in results for code, n in statuses.items() if code >= 500)
    print(f"{good} of {rounds} rounds with one winner and one mail; answers of 5xx: {errors}")
    return good == rounds and not errors


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--clients", type=int, default=32)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedPortal(folder).running() as portal:
        os.environ.update(portal.environment)
        good = run(portal.port, options.rounds, options.clients)
        if not good:
            print(portal.log.read_text()[-5000:], file=sys.stderr)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
