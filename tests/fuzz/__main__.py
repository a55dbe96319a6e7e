"""Let atheris grow inputs for the readers: `python -m tests.fuzz [TARGET…]`, by default for all.

SECONDS (60) is how long each runs. Inputs that broke one are kept below
var/fuzz/<target>, and the exit status is 1 then, and 2 when atheris is not there.
"""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path("var/fuzz")
MEMORY_MB = 1024
SLOWEST_SECONDS = 10
LONGEST_BYTES = 65536


def run(name: str) -> bool:
    """Run one target in a process of its own, which a crash may end; whether it held."""
    sow(name)
    kept = FOLDER / name
    kept.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={os.environ.get('SECONDS', '60')}"]
    limits += [f"-rss_limit_mb={MEMORY_MB}", f"-timeout={SLOWEST_SECONDS}"]
    limits += [f"-max_len={LONGEST_BYTES}", f"-artifact_prefix={kept}/", "-print_final_stats=1"]
    command = [sys.executable, "-m", "tests.fuzz.one", name, *limits, str(FOLDER / "seeds" / name)]
    done = subprocess.run(command, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "number_of_executed" in line]
    print(f"{name}: {'held' if done.returncode == 0 else 'BROKE'} {' '.join(said)}", flush=True)
    if done.returncode:
        print(done.stderr[-4000:], file=sys.stderr)
    return done.returncode == 0


def sow(name: str) -> None:
    """Write the corpora down as what a target begins with."""
    from tests.fuzz.targets import seeds

    folder = FOLDER / "seeds" / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(seeds(name)):
        (folder / f"corpus-{number}").write_bytes(body[:LONGEST_BYTES])


def main() -> int:
    try:
        import atheris  # noqa: F401
    except ImportError:
        print(
            "atheris is not there, so nothing was fuzzed. It is built for CPython 3.11 to 3.13; "
            f"this is {sys.version.split()[0]}. Install requirements-fuzz.txt with one of those.",
            file=sys.stderr,
        )
        return 2
    from tests.fuzz.targets import TARGETS

    names = sys.argv[1:] or list(TARGETS)
    return 0 if all([run(name) for name in names]) else 1


if __name__ == "__main__":
    sys.exit(main())
