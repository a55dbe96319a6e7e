"""Send one large file through the portal and compare with what the disk alone can do.

Starts broker, gunicorn and Celery worker as the Procfile says, with an own temporary DATA_DIR,
and sends the file by one PATCH. Prints the throughput from the first byte to
the answer to the last (the file is then safe on the disk), that of dd writing as much to the
same disk before and after, and the peak memory of every process until the file is stored.
Ends with 1 when the portal is slower than half of dd or a process takes more than 150 MB.

    .venv/bin/python -m drills.upload [--mib 1024] [--dir /where/to/write]
"""

import argparse
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

from drills.dentists import BYTES, Dentist
from drills.servers.portal import Portal
from drills.servers.services import until

MIB = 1024**2
LEAST_RATIO = 0.5
MOST_MEMORY = 150 * 10**6
PATIENCE = 120


def send(dentist, location, size):
    """Send `size` bytes by one PATCH and return the seconds until the answer."""
    block = os.urandom(MIB)
    headers = {**BYTES, "Upload-Offset": "0", "Content-Length": str(size)}
    url, blocks = dentist.urls[0] + location, (block for _ in range(size // MIB))
    request = requests.Request("PATCH", url, headers=headers, data=blocks)
    prepared = dentist.line.prepare_request(request)
    del prepared.headers["Transfer-Encoding"]
    began = time.perf_counter()
    answer = dentist.line.send(prepared, timeout=PATIENCE)
    if answer.status_code != 204:
        sys.exit(f"The upload failed with {answer.status_code}: {answer.text}")
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


def peak(pid):
    """The most bytes of memory a running process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def measure(folder, size):
    """Seconds of the portal, mean seconds of dd before and after, peak bytes of each process."""
    portal = Portal(folder, others=("broker", "worker1"), STAGING_DIR=str(folder / "staging"))
    with portal.running():
        dentist_pk, (key,) = portal.move_in()
        dentist, form = Dentist(portal.urls, key, dentist_pk), str(uuid.uuid4())
        before = dd(folder, size)
        location = dentist.announce(form, "large.zip", size)
        seconds = send(dentist, location, size)
        listed = f"{portal.urls[0]}/files/?form={form}"
        if not until(lambda: "is-stored" in dentist.line.get(listed, timeout=20).text, PATIENCE):
            sys.exit("The worker did not store the file. Nothing was measured.")
        peaks = {
            f"{name} {pid}": peak(pid)
            for name in ("web", "worker1")
            for pid in portal.kept[name].family
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
