import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from drills.servers.services import Clamd
from portal.health import dependencies
from portal.management.commands import doctor
from portal.tests import hanging


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


def test_people_of_the_lab_without_a_second_step_are_wrong(db, make_staff):
    make_staff("Lab", password="four-crowns-and-a-bridge")
    assert doctor.second_steps() == "all 1 of the lab"
    user = get_user_model().objects.create_user("new@lab.example", is_staff=True)
    assert doctor.second_steps() == "all 1 of the lab"  # who has no password cannot sign in
    user.set_password("four-crowns-and-a-bridge")
    user.save()
    with pytest.raises(doctor.Wrong, match="1 person of the lab"):
        doctor.second_steps()


def test_second_steps_that_no_known_key_opens_are_wrong(db, make_staff, settings):
    make_staff("Lab", password="four-crowns-and-a-bridge")
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-is-long-enough-0123456789-abcdefghijklmnopqrstuvwxyz"
    assert doctor.second_steps() == "all 1 of the lab"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(doctor.Wrong, match=r"1 apps and recovery codes.*forget_second_step"):
        doctor.second_steps()


@pytest.fixture
def careless():
    """A virus scanner with the defaults, which calls clean what it did not look into."""
    with (
        tempfile.TemporaryDirectory(prefix="clamd-") as folder,
        Clamd(Path(folder), alerts=False) as server,
    ):
        yield server


@pytest.mark.xdist_group("clamd")
def test_the_virus_scanner_is_asked_which_one_it_is(clamd, settings):
    settings.CLAMD_SOCKET = str(clamd.socket)
    assert doctor.scanner().startswith("ClamAV ")


@pytest.mark.xdist_group("clamd")
def test_a_virus_scanner_that_calls_clean_what_it_did_not_look_into_is_wrong(careless, settings):
    settings.CLAMD_SOCKET = str(careless.socket)
    with pytest.raises(doctor.Wrong, match="AlertEncrypted yes"):
        doctor.scanner()


def test_a_virus_scanner_that_is_away_is_wrong_and_none_at_all_is_not(settings):
    assert doctor.scanner() == "none is set up: files are shown as not scanned"
    settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{hanging.nobody()}"
    with pytest.raises(dependencies.Unavailable, match="cannot be reached"):
        doctor.scanner()
