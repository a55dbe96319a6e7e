"""`bin/stack`; the tests in a browser drive the portal on it."""

import subprocess

import pytest

from portal.terminal import BASE_DIR


@pytest.mark.proof
def test_a_command_finds_the_servers_and_its_exit_code_is_ours():
    script = 'test -n "$DATABASE_URL$CELERY_BROKER_URL$S3_ENDPOINT_URL$EMAIL_URL"; exit 7'
    words = [BASE_DIR / "bin" / "stack", "sh", "-c", script]
    assert subprocess.run(words, timeout=60).returncode == 7
