"""Compare how long the portal takes to answer for known, unknown and deactivated addresses.

Starts broker and gunicorn as the Procfile says, with an own temporary DATA_DIR, the real hasher
and the real limits, and tries to sign in with a wrong password and asks for reset links, each kind
of address in turn. Prints the median of each kind, and ends with 1 when two of them are more than
5 ms apart or an answer differs in status, headers or text.

    .venv/bin/python bench/answer_times.py [--tries 500]
"""

import argparse
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from honcho.environ import parse_procfile

ROOT = Path(__file__).resolve().parent.parent
KINDS = ["known", "unknown", "deactivated"]
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
        password=password, is_active=kind == "known",
    )
    for kind in ("known", "deactivated") for number in range({people})
)
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(data_dir, port):
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "DATA_DIR": str(data_dir),
        "STATIC_ROOT": str(data_dir / "static"),
        "BIND": f"127.0.0.1:{port}",
        "SITE_URL": f"http://127.0.0.1:{port}",
        "PROXIES": "1",  # so that each request may come from an address of its own
    }


def manage(env, *words):
    subprocess.run([sys.executable, "manage.py", *words], cwd=ROOT, env=env, check=True)


def start(name, env, log):
    command = parse_procfile((ROOT / "Procfile").read_text()).processes[name]
    return subprocess.Popen(["sh", "-c", command], cwd=ROOT, env=env, stdout=log, stderr=log)


def wait_for(base):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            if requests.get(f"{base}/healthz", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    sys.exit("The web server did not start. Nothing was measured.")


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
    times, answers = {kind: [] for kind in KINDS}, {kind: set() for kind in KINDS}
    order = random.Random(1)
    for number in range(tries):
        for kind in order.sample(KINDS, len(KINDS)):
            answer, took = ask(f"{kind}{number // GUESSES}@bench.example")
            times[kind].append(took)
            answers[kind].add(repr(answer))
    medians = {kind: statistics.median(times[kind]) for kind in KINDS}
    apart = max(medians.values()) - min(medians.values())
    same = len(set().union(*answers.values())) == 1
    figures = ", ".join(f"{kind} {median:.1f} ms" for kind, median in medians.items())
    told = "the same answer" if same else "DIFFERENT ANSWERS"
    print(f"{name}: {figures}; {apart:.1f} ms apart; {told}", flush=True)
    return same and apart <= MOST_APART


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tries", type=int, default=500)
    tries = arguments.parse_args().tries
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="times-") as folder:
        env = environment(Path(folder), port)
        manage(env, "migrate", "-v", "0")
        manage(env, "createcachetable")
        manage(env, "prepare", "--static")
        manage(env, "shell", "-v", "0", "-c", PEOPLE.format(people=-(-tries // GUESSES)))
        with (Path(folder) / "log").open("wb") as log:
            processes = [start(name, env, log) for name in ("broker", "web")]
            try:
                base = env["SITE_URL"]
                wait_for(base)
                stranger = Stranger(base)
                good = [
                    measure(
                        "forgotten password",
                        lambda email: stranger.post("/accounts/password/reset/", email=email),
                        tries,
                    ),
                    measure(
                        "sign-in",
                        lambda email: stranger.post(
                            "/accounts/login/", login=email, password=WRONG
                        ),
                        tries,
                    ),
                ]
            finally:
                for process in reversed(processes):
                    process.terminate()
                for process in processes:
                    process.wait(timeout=30)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
