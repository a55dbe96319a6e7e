"""Known faults of what the portal is built from. Both tools ask a service outside.

A tool that could not ask has not run: it must not count as one that found nothing. So pip-audit is
called with --strict, without which it skips what its service does not know and ends with 0.
"""

import json
import tempfile
from pathlib import Path

from audit.outcome import BASE_DIR, Finding, NotRun, Outcome, run

PIP_AUDIT = BASE_DIR / ".venv-audit" / "code" / "bin" / "pip-audit"
# Not those of the tools themselves, which see nothing but made-up data.
LISTS = ["requirements.txt", "requirements-dev.txt"]
# Known faults in both; nothing is installed.
OLD_PYTHON = "Django==3.2.0\n"
OLD_NODE = {
    "name": "planted",
    "lockfileVersion": 3,
    "packages": {
        "": {"dependencies": {"lodash": "4.17.4"}},
        "node_modules/lodash": {"version": "4.17.4"},
    },
}
ASK_SECONDS = 120


def pip_audit(_):
    findings = [one for name in LISTS for one in _python_faults(BASE_DIR / name)]
    with tempfile.TemporaryDirectory() as folder:
        old = Path(folder, "requirements.txt")
        old.write_text(OLD_PYTHON)
        missed = [] if _python_faults(old) else [OLD_PYTHON.strip()]
    return Outcome(findings, missed, planted=1)


def _python_faults(path):
    command = [PIP_AUDIT, "--strict", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    command += ["--format", "json", "--requirement", path]
    done = run(command, seconds=ASK_SECONDS)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        # It ends with 1 both when it found a fault and when it could not look.
        raise NotRun(_last_line(done.stderr)) from None
    if skipped := [one["name"] for one in packages if "skip_reason" in one]:
        raise NotRun(f"It skipped {', '.join(skipped)}.")
    return [
        Finding(fault["id"], path.name, 0, f"{one['name']} {one['version']}")
        for one in packages
        for fault in one["vulns"]
    ]


def npm_audit(_):
    findings = _node_faults(BASE_DIR)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            content = OLD_NODE["packages"][""] if name == "package.json" else OLD_NODE
            Path(folder, name).write_text(json.dumps(content))
        missed = [] if _node_faults(folder) else ["lodash 4.17.4"]
    return Outcome(findings, missed, planted=1)


def _node_faults(folder):
    done = run(["npm", "audit", "--json"], cwd=folder, seconds=ASK_SECONDS)
    answer = json.loads(done.stdout)
    if "vulnerabilities" not in answer:
        raise NotRun(answer.get("message") or _last_line(done.stderr))
    return [
        Finding(fault["severity"], "package-lock.json", 0, name)
        for name, fault in answer["vulnerabilities"].items()
    ]


def _last_line(text):
    return (text.strip().splitlines() or ["It said nothing."])[-1].split(":", 2)[-1].strip()
