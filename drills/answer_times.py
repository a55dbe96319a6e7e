"""Compare how long the portal takes to answer for known, unknown and deactivated addresses.

Starts broker and web process as the Procfile says, in a folder of their own, with the real hasher
and limits, and tries to sign in with a wrong password and asks for reset links, each kind
of address in turn. Prints the median of each kind, and the median of the differences between two
kinds, each taken within one round, so that a machine that gets slower does not count. Ends with 1
when two kinds are more than 5 ms apart, or answers differ in status, headers or text.

    .venv/bin/python -m drills.answer_times [--tries 500]
"""

import argparse
import random
import re
import statistics
import sys
import tempfile
import time
from itertools import combinations

import requests

from drills.servers.portal import Portal

KINDS = ["known", "unknown", "deactivated"]
# Known too: how far these are from the known ones is how restless the machine is.
TWIN = "twin"
MOST_APART = 5  # milliseconds
GUESSES = 10  # at one account, and as many from one address: so there are many of both
PATIENCE = 60
WRONG = "not the right one"
PEOPLE = """
from django.contrib.auth.hashers import make_password
from accounts.models import Practice, User
practice = Practice.objects.create(name="Bench", email="office@bench.example")
password = make_password("four crowns and a bridge")
User.objects.bulk_create(
    User(
        email=f"{{kind}}{{number}}@bench.example", name="Bench", practice=practice,
        password=password, is_active=kind != "deactivated",
    )
    for kind in ("known", "twin", "deactivated") for number in range({people})
)
"""


class Stranger:
    """Somebody with one connection, who claims another address each time."""

    def __init__(self, base):
        self.base = base
        self.session = requests.Session()
        page = self.session.get(f"{base}/accounts/login/", timeout=PATIENCE)
        self.token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
        self.asked = 0

    def post(self, path, **form):
        """What was answered, and after how many milliseconds."""
        self.asked += 1
        address = f"10.{self.asked >> 16 & 255}.{self.asked >> 8 & 255}.{self.asked & 255}"
        began = time.perf_counter()
        answer = self.session.post(
            f"{self.base}{path}",
            data={**form, "csrfmiddlewaretoken": self.token},
            headers={"X-Forwarded-For": address, "Referer": self.base},
            timeout=PATIENCE,
            allow_redirects=False,
        )
        took = 1000 * (time.perf_counter() - began)
        return _comparable(answer, form), took


def _comparable(answer, form):
    text = answer.text.replace(next(iter(form.values())), "…")
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)
    headers = {
        name: value
        for name, value in answer.headers.items()
        if name not in {"Date", "Content-Length", "Set-Cookie", "X-Request-ID", "Expires"}
    }
    return answer.status_code, headers, text


def measure(name, ask, tries):
    """Ask for an address of each kind in turn; returns whether nothing tells them apart."""
    kinds = [*KINDS, TWIN]
    times, answers = {kind: [] for kind in kinds}, {kind: set() for kind in kinds}
    order = random.Random(1)
    for number in range(tries):
        for kind in order.sample(kinds, len(kinds)):
            answer, took = ask(f"{kind}{number // GUESSES}@bench.example")
            times[kind].append(took)
            answers[kind].add(repr(answer))
    apart = {pair: _apart(*(times[kind] for kind in pair)) for pair in combinations(KINDS, 2)}
    same = len(set().union(*answers.values())) == 1
    figures = ", ".join(f"{kind} {statistics.median(times[kind]):.1f} ms" for kind in KINDS)
    told = "the same answer" if same else "DIFFERENT ANSWERS"
    print(f"{name}: {figures}; {told}", flush=True)
    for pair, milliseconds in apart.items():
        print(f"    {' and '.join(pair)}: {milliseconds:.1f} ms apart", flush=True)
    restless = _apart(times["known"], times[TWIN])
    print(f"    two kinds that are the same: {restless:.1f} ms apart", flush=True)
    return same and max(apart.values()) <= MOST_APART


def _apart(one, other):
    """The median of the differences between two kinds, each within one round."""
    return abs(statistics.median(a - b for a, b in zip(one, other, strict=True)))


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tries", type=int, default=500)
    tries = arguments.parse_args().tries
    # Behind a proxy, so that each request may come from an address of its own.
    with (
        tempfile.TemporaryDirectory(prefix="times-") as folder,
        Portal(folder, PROXIES="1").running() as portal,
    ):
        portal.manage("shell", "-v", "0", "-c", PEOPLE.format(people=-(-tries // GUESSES)))
        stranger = Stranger(portal.urls[0])
        good = [
            measure(
                "forgotten password",
                lambda email: stranger.post("/accounts/password/reset/", email=email),
                tries,
            ),
            measure(
                "sign-in",
                lambda email: stranger.post("/accounts/login/", login=email, password=WRONG),
                tries,
            ),
        ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
