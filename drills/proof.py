"""Run what is not asked of every change, hours of it, and say in a line each whether it passed.

    make proof              all
    make proof ONLY=drill   one

What each said is in var/proof/NAME.log. Prints `N passed, N failed` at the end and ends with 1
when one failed; what a machine cannot run is said, and counts as neither.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "var" / "proof"
PROOFS = {
    "control": "PYTEST_PLUGINS=tests.matrix.guards python -m pytest -n 2 -m proof"
    " tests/matrix/control.py",
    "inputs": "bin/stack pytest -m proof tests/fuzz",
    "corpora": "bin/stack pytest -m proof tests/corpus",
    "readers": "pip install --quiet --requirement requirements-fuzz.txt && python -m tests.fuzz",
    "intake": "python -m tests.intake.measured",
    "matrix": "bin/stack pytest -m proof tests/matrix",
    # The others bring servers of their own.
    "tests": "bin/setup audit && pytest -m proof"
    " --ignore tests/fuzz --ignore tests/corpus --ignore tests/matrix",
    "drill": "python -m drills.drill",
    "fleet": "python -m drills.fleet",
    "restore": "python -m drills.restore_drill",
    "audit": "bin/setup audit && python -m drills.audit",
}
NEEDS_ROOT = ["fleet"]


def prove(name: str) -> bool:
    """Run one proof and print its line; whether it passed."""
    log, began = LOGS / f"{name}.log", time.monotonic()
    path = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
    with log.open("wb") as said:
        done = subprocess.run(
            ["sh", "-c", PROOFS[name]],
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    passed, seconds = done.returncode == 0, time.monotonic() - began
    last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
    verdict = "passed" if passed else "FAILED"
    print(f"{name:8} {verdict} {seconds:6.0f} s  {log.relative_to(ROOT)}: {last[:60]}", flush=True)
    return passed


def main() -> int:
    only = os.environ.get("ONLY", "")
    if only not in ("", *PROOFS):
        print(f"There is no proof {only!r}, only {', '.join(PROOFS)}.", file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    results = []
    for name in [only] if only else PROOFS:
        if name in NEEDS_ROOT and os.getuid() != 0:
            print(f"{name:8} NOT RUN: only root may make networks.", flush=True)
        else:
            results.append(prove(name))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
