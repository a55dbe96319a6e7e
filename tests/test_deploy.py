"""The files of `deploy/`: what systemd says of the units, and whether the examples are complete."""

import re
import shutil
import subprocess

import pytest
from django.conf import settings

from drills.servers.units import BARE, COMMON, DEPLOY, Unit, settings_in

EXAMPLES = "\n".join((DEPLOY / name).read_text() for name in ("portal.env", "host.env"))
SERVICES = ["web", "uploads", "worker", "staging", "beat", "sweep"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_finds_no_fault_with_the_units(tmp_path):
    common = tmp_path / COMMON.relative_to(DEPLOY)
    common.parent.mkdir()
    common.write_text(COMMON.read_text().replace("/srv/guidepost", str(tmp_path)))
    for unit in DEPLOY.glob("guidepost-[a-z]*"):
        # What is installed on a host only.
        text = re.sub(r"/srv/guidepost/.venv/bin/\w+", "/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(text.replace("/srv/guidepost", str(tmp_path)))
    units = sorted(map(str, tmp_path.glob("guidepost-[a-z]*")))
    assert len(units) == len(SERVICES) + 1
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    # Without what all have in common each is exposed by more than nine points of ten.
    words = ["systemd-analyze", "security", "--offline=yes", "--threshold=40"]
    services = [unit for unit in units if unit.endswith(".service")]
    done = subprocess.run([*words, *services], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_examples_name_every_setting():
    wanted = re.findall(
        r'read\.\w+\(\s*"(\w+)"', (settings.BASE_DIR / "portal/settings.py").read_text()
    )
    named = re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLES, re.MULTILINE)
    # systemd makes the folder of the data, and the units say where.
    assert set(wanted) - set(named) == {"DATA_DIR"}
    assert len(named) == len(set(named))


def test_the_examples_are_read_as_systemd_reads_them():
    assert (
        settings_in(EXAMPLES)["LAB_ADDRESS"] == "1200 Foundry Street, Suite 4\nPortland, ME 04101"
    )


@pytest.mark.parametrize("name", SERVICES)
def test_each_unit_is_a_command_of_this_code(name, tmp_path):
    (tmp_path / "etc").mkdir()
    for example in ("portal.env", "host.env"):
        shutil.copy(DEPLOY / example, tmp_path / "etc")
    unit = Unit(name, tmp_path, [])
    assert unit.environment["DATA_DIR"] == str(tmp_path / "lib")
    command = unit.command
    assert command[0].startswith(str(settings.BASE_DIR / ".venv" / "bin"))
    if "--queues" in command:
        assert "staging.web1" in command[command.index("--queues") + 1].split(",")


def test_the_command_for_people_has_the_settings_of_the_units(tmp_path):
    script = (DEPLOY / "guidepost").read_text().replace("/etc/guidepost", str(DEPLOY))
    script = script.replace("/srv/guidepost", str(settings.BASE_DIR))
    script = re.sub('user="setpriv.*"', "user=", script)
    environment = {**BARE, "DATA_DIR": str(tmp_path)}
    words = ["sh", "-c", script, "guidepost", "diffsettings"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert "STAGING_HOST = 'web1'" in done.stdout, done.stderr
    assert "1200 Foundry Street, Suite 4\\nPortland" in done.stdout
