"""The audit counts no tool as passed that did not do its work."""

import subprocess
import sys

import pytest

from drills import audit

SKIPPED = '{"dependencies": [{"name": "boto3", "skip_reason": "not found"}]}'


@pytest.fixture
def pip_audit(tmp_path, monkeypatch):
    """A function that makes pip-audit say something and end with a status."""

    def says(text, status):
        program = tmp_path / "pip-audit"
        program.write_text(f"#!{sys.executable}\nprint({text!r})\nraise SystemExit({status})\n")
        program.chmod(0o755)
        monkeypatch.setattr(audit, "TOOLS", tmp_path)

    return says


@pytest.mark.parametrize("said", [(SKIPPED, 0), ("", 1), ("", 2)])
def test_a_dependency_audit_that_skips_packages_or_cannot_ask_has_not_run(pip_audit, said):
    pip_audit(*said)
    with pytest.raises(audit.NotRun):
        list(audit.pip_audit())


def test_a_tool_that_is_missing_has_not_run():
    with pytest.raises(audit.NotRun, match="bin/setup audit"):
        audit.run("/nowhere/bandit")


def test_what_is_accepted_is_no_finding_until_nothing_is_like_it_any_more():
    accepted = [["B1, B3", "cases/a.py: *fixed*"]]
    fits, typed, other = (
        ("B1", "cases/a.py: run(fixed)"),
        ("B1", "cases/a.py: run(typed)"),
        ("B2", "cases/a.py: run(fixed)"),
    )
    assert list(audit.unaccepted([fits], accepted)) == []
    assert list(audit.unaccepted([fits, typed, other], accepted)) == [
        "B1 in cases/a.py: run(typed)",
        "B2 in cases/a.py: run(fixed)",
    ]
    (in_vain,) = audit.unaccepted([], accepted)
    assert "not found any more" in in_vain


def test_a_line_that_was_removed_is_still_looked_at(tmp_path):
    git = ["git", "-c", "user.name=Nobody", "-c", "user.email=nobody@portal.example"]
    for number, text in enumerate(["KEY = 'x'\n", "KEY = None\n"]):
        (tmp_path / "a.py").write_text(text)
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", str(number)]):
            subprocess.run([*git, *words], cwd=tmp_path, check=True)
    (tmp_path / "a.py").write_text("KEY = 'y'\n")
    assert set(audit.lines_ever(tmp_path)["a.py"]) == {"KEY = 'x'", "KEY = None", "KEY = 'y'"}
