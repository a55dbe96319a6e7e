import os
import subprocess
import sys

import pytest
from django.conf import settings


@pytest.mark.proof
def test_a_worker_that_breaks_and_does_not_end_is_ended(broker, tmp_path):
    """So that systemd starts it again, which it does not do for one that merely hangs."""
    command = ["-m", "celery", "--quiet", "-A", "portal.tests.broken_worker", "worker"]
    command += ["--queues", "nobody", "--concurrency", "1", "--without-mingle"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR,
        env={**os.environ, "CELERY_BROKER_URL": broker.url, "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode != 0
    assert "Unrecoverable error" in done.stderr
