"""That the matrix goes red without the guards of the source."""

import os
import subprocess
import sys


def test_the_matrix_goes_red_without_any_of_some_guards():
    """A twelfth of them, others with each commit; `make proof ONLY=control` takes each away."""
    # The source is changed as it is imported. On SQLite and a disk, whatever the tests run on.
    others = {"DATABASE_URL", "S3_BUCKET", "PROOF"}
    here = {name: value for name, value in os.environ.items() if name not in others}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "tests/matrix/control.py"],
        env={**here, "PYTEST_PLUGINS": "tests.matrix.guards"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr
