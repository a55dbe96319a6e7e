"""The audit counts no tool as passed that did not do its work."""

import sys

import pytest

from audit import __main__ as audit
from audit import dependencies, outcome
from audit.outcome import Finding, NotRun, Outcome, judged, timed

DJANGO = '{"dependencies": [{"name": "django", "version": "3.2.0", "vulns": [%s]}]}'
SKIPPED = '{"dependencies": [{"name": "boto3", "skip_reason": "not found"}]}'


@pytest.fixture
def pip_audit(tmp_path, monkeypatch):
    """A function that makes pip-audit say something and end with a status."""

    def says(text, status):
        program = tmp_path / "pip-audit"
        program.write_text(f"#!{sys.executable}\nprint({text!r})\nraise SystemExit({status})\n")
        program.chmod(0o755)
        monkeypatch.setattr(dependencies, "PIP_AUDIT", program)

    return says


@pytest.fixture
def accepted(monkeypatch):
    """A function that replaces what is accepted."""
    return lambda *entries: monkeypatch.setattr(outcome, "_accepted", lambda: list(entries))


def test_a_dependency_audit_that_skips_packages_and_ends_with_0_has_not_run(pip_audit):
    pip_audit(SKIPPED, 0)
    with pytest.raises(NotRun, match=r"It skipped boto3\."):
        dependencies.pip_audit(None)


def test_a_dependency_audit_that_cannot_ask_its_service_has_not_run(pip_audit):
    pip_audit("", 1)
    assert timed(lambda: dependencies.pip_audit(None)).not_run
    assert not timed(lambda: dependencies.pip_audit(None)).passed


def test_a_dependency_audit_that_misses_the_planted_fault_fails(pip_audit):
    pip_audit(DJANGO % "", 0)
    assert dependencies.pip_audit(None).missed == ["Django==3.2.0"]
    pip_audit(DJANGO % '{"id": "CVE-1"}', 1)
    assert dependencies.pip_audit(None).missed == []


def test_what_has_not_run_counts_as_failed_unless_it_may_be_left_out():
    away = Outcome(not_run="The service is away.")
    assert audit._left_out("pip-audit", away, offline=True)
    assert not audit._left_out("pip-audit", away, offline=False)
    assert not audit._left_out("bandit", away, offline=True)
    assert "NOT RUN" in audit._line("pip-audit", away, offline=True)
    assert "FAILED, not run: The service" in audit._line("pip-audit", away, offline=False)


def test_a_tool_that_is_missing_has_not_run():
    assert "bin/setup audit" in timed(lambda: outcome.run(["/nowhere/bandit"])).not_run


def test_a_planted_fault_that_is_not_found_fails_and_one_that_is_found_is_no_finding(accepted):
    accepted()
    planted = {"a.py": ["B1", "B2"]}
    judgement = judged("bandit", [Finding("B1", "a.py")], planted)
    assert (judgement.missed, judgement.findings) == (["B2 in a.py"], [])
    assert not judgement.passed
    assert judged("bandit", [Finding("B1", "a.py"), Finding("B2", "a.py")], planted).passed


def test_what_is_accepted_is_no_finding_until_nothing_is_like_it_any_more(accepted):
    accepted({"tool": "bandit", "rules": ["B1"], "path": "cases/*", "text": "fixed"})
    fits = Finding("B1", "cases/a.py", 3, "run(fixed)")
    others = [Finding("B1", "cases/a.py", 4, "run(typed)"), Finding("B2", "cases/a.py", 3, "fixed")]
    assert outcome.unaccepted("bandit", [fits]) == []
    assert outcome.unaccepted("bandit", [fits, *others]) == others
    (in_vain,) = outcome.unaccepted("bandit", [])
    assert "not found any more" in str(in_vain)
    assert outcome.unaccepted("semgrep", []) == []
