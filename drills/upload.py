"""Send one large file through the portal and compare with what the disk alone can do.

Starts broker, gunicorn and Celery worker as the Procfile says, with an own temporary DATA_DIR,
signs in over HTTP and sends the file by one PATCH. Prints the throughput from the first byte to
the answer to the last (the file is then safe on the disk), that of dd writing as much to the
same disk before and after, and the peak memory of every process until the file is stored.
Ends with 1 when the portal is slower than half of dd or a process takes more than 150 MB.

    .venv/bin/python -m drills.upload [--mib 1024] [--dir /where/to/write]
"""

import argparse
import base64
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import requests

from drills.servers.embedded import EmbeddedPortal

MIB = 1024**2
LEAST_RATIO = 0.5
MOST_MEMORY = 150 * 10**6
PATIENCE = 120
EMAIL, PASSWORD = "bench@bench.example", "a long bench password"
MEMBER = f"""
from accounts.models import Practice, User
practice = Practice.objects.create(name="Bench", email="{EMAIL}")
User.objects.create_user("{EMAIL}", "{PASSWORD}", name="Bench", practice=practice)
"""


def wait_for(what, sentence):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.1)
    sys.exit(f"{sentence} Nothing was measured.")


def sign_in(base):
    session = requests.Session()
    page = session.get(f"{base}/accounts/login/", timeout=20)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    form = {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token}
    session.post(f"{base}/accounts/login/", data=form, timeout=20, allow_redirects=False)
    if "sessionid" not in session.cookies:
        sys.exit("Signing in failed. Nothing was measured.")
    session.headers.update(
        {"Tus-Resumable": "1.0.0", "X-CSRFToken": session.cookies["csrftoken"], "Origin": base}
    )
    return session


def begin(session, base, form, size):
    pairs = {"filename": "bench.zip", "form": form}
    encoded = [f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in pairs.items()]
    headers = {"Upload-Length": str(size), "Upload-Metadata": ",".join(encoded)}
    answer = session.post(f"{base}/files/", headers=headers, timeout=20)
    if answer.status_code != 201:
        sys.exit(f"The upload was refused: {answer.text}")
    return answer.headers["Location"]


def send(session, port, location, size):
    """Send `size` bytes by one PATCH and return the seconds until the answer."""
    block = memoryview(os.urandom(MIB))
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    line.putrequest("PATCH", location)
    headers = dict(session.headers) | {
        "Cookie": "; ".join(f"{name}={value}" for name, value in session.cookies.items()),
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(size),
        "Upload-Offset": "0",
    }
    for name, value in headers.items():
        line.putheader(name, value)
    line.endheaders()
    began = time.perf_counter()
    for _ in range(size // MIB):
        line.send(block)
    answer = line.getresponse()
    if answer.status != 204:
        sys.exit(f"The upload failed with {answer.status}: {answer.read().decode()}")
    return time.perf_counter() - began


def dd(folder, size):
    """The seconds dd takes to write as many bytes and have them safe on the disk."""
    target = folder / "dd"
    words = ["if=/dev/zero", f"of={target}", "bs=1M", f"count={size // MIB}", "conv=fdatasync"]
    began = time.perf_counter()
    subprocess.run(["dd", *words], check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds


def with_children(pid):
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from with_children(int(child))


def peak(pid):
    """The most bytes of memory a running process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def measure(folder, size):
    """Seconds of the portal, mean seconds of dd before and after, peak bytes of each process."""
    names = ("broker", "web", "worker")
    portal = EmbeddedPortal(folder, names, STAGING_DIR=str(folder / "staging"))
    with portal.running():
        portal.manage("shell", "--command", MEMBER)
        session, form = sign_in(portal.url), str(uuid.uuid4())
        before = dd(folder, size)
        location = begin(session, portal.url, form, size)
        seconds = send(session, portal.port, location, size)
        listed = f"{portal.url}/files/?form={form}"
        wait_for(
            lambda: "is-stored" in session.get(listed, timeout=20).text,
            "The worker did not store the file.",
        )
        peaks = {
            f"{name} {pid}": peak(pid)
            for name in ("web", "worker")
            for pid in with_children(portal.processes[name].pid)
        }
        return seconds, (before + dd(folder, size)) / 2, peaks


def report(size, seconds, dd_seconds, peaks):
    """Print the figures and return whether they are good enough."""
    ratio = dd_seconds / seconds
    print(f"portal  {size / MIB / seconds:8.0f} MiB/s  ({seconds:.2f} s)")
    print(f"dd      {size / MIB / dd_seconds:8.0f} MiB/s  ({dd_seconds:.2f} s)")
    print(f"ratio   {ratio:8.2f}        (at least {LEAST_RATIO})")
    for name, most in peaks.items():
        print(f"memory  {most / 10**6:8.0f} MB     {name}")
    return ratio >= LEAST_RATIO and max(peaks.values()) <= MOST_MEMORY


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=1024, help="size of the file")
    parser.add_argument("--dir", help="a folder on the disk to measure")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="upload-", dir=chosen.dir))
    try:
        size = chosen.mib * MIB
        good = report(size, *measure(folder, size))
    finally:
        shutil.rmtree(folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
