from datetime import timedelta

import pytest
from django.utils import timezone

from portal.management.commands import doctor


@pytest.mark.parametrize("seconds", [-4.9, 0, 4.9])
def test_clocks_may_differ_a_little(seconds):
    now = timezone.now()
    assert doctor.compare_clocks(now + timedelta(seconds=seconds), now).endswith("s apart")


@pytest.mark.parametrize("seconds", [-5.1, 5.1, 3600])
def test_clocks_that_are_seconds_apart_are_wrong(seconds):
    now = timezone.now()
    with pytest.raises(doctor.Wrong, match=r"seconds apart\. Let both follow a time server"):
        doctor.compare_clocks(now + timedelta(seconds=seconds), now)


def test_a_files_host_that_the_dns_does_not_know_is_wrong(settings):
    settings.S3_BUCKET = settings.FILES_URL = settings.FILES_HOST = ""
    assert "FILES_URL gives them one of their own" in doctor.files_host()
    settings.FILES_URL, settings.FILES_HOST = "https://localhost:8443", "localhost:8443"
    assert doctor.files_host() == "https://localhost:8443"
    settings.FILES_URL, settings.FILES_HOST = "https://files.invalid", "files.invalid"
    with pytest.raises(doctor.Wrong, match=r"files\.invalid, which files come from, is not known"):
        doctor.files_host()
