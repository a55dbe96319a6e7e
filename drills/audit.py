"""Let security tools look at the code and at what it is built from: `python -m drills.audit`.

What they find and is right nevertheless stands in audit_accepted.toml. pip-audit and npm audit ask
a service outside; OFFLINE=1 lets them be left out when it cannot be reached.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from drills.checks import Checks

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLS = ROOT / ".venv-audit" / "bin"
# Tests and drills run nowhere but here; ruff's S rules see to them.
PYTHON = ["accounts", "cases", "portal", "scheduling", "bin/start", "manage.py"]
PACKAGES = ["requirements.txt", "requirements-dev.txt"]
LONGEST = 600  # seconds


class NotRun(Exception):
    """A tool could not do its work; the text says why."""


def run(*command, cwd=ROOT, **environment):
    """What a tool wrote. Raises NotRun for a status that says that the tool itself failed."""
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=cwd,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=LONGEST,
        )
    except FileNotFoundError:
        raise NotRun(f"{command[0]} is missing. `bin/setup audit` installs it.") from None
    if done.returncode not in (0, 1):
        raise NotRun(f"It ended with {done.returncode}: {done.stderr[-300:]}")
    return done


def answer_of(*command, **options):
    """The JSON that a tool wrote."""
    done = run(*command, **options)
    try:
        return json.loads(done.stdout)
    except ValueError:  # status 1 is a fault that was found, or that it could not look
        last = (done.stderr.strip() or "It said nothing.").splitlines()[-1]
        raise NotRun(last) from None


# Each tool gives pairs of a rule and where it was broken: "path: the line".


def bandit():
    # A comment for another tool must not silence this one. That a process is started without a
    # shell (B404, B603) is no finding; how, other rules look at.
    words = ["--quiet", "--recursive", "--format", "json", "--ignore-nosec"]
    words += ["--exclude", "*/tests/*", "--skip", "B404,B603"]
    answer = answer_of(TOOLS / "bandit", *words, *PYTHON)
    for one in answer["errors"]:
        yield "not read", f"{one['filename']}: {one['reason']}"
    for one in answer["results"]:
        yield one["test_id"], _place(ROOT, one["filename"], one["line_number"])


def semgrep():
    """Our own rules; those of others would have to be fetched from outside."""
    words = ["scan", "--metrics=off", "--disable-version-check", "--json", "--quiet"]
    words += ["--disable-nosem", "--jobs", "2", "--config", HERE / "audit_rules.yml"]
    path = f"{TOOLS}:{os.environ['PATH']}"
    answer = answer_of(TOOLS / "semgrep", *words, *PYTHON, "templates", PATH=path)
    for one in answer["errors"]:
        yield "not read", f"{one.get('path')}: {one.get('message', '')[:200]}"
    for one in answer["results"]:
        yield one["check_id"].split(".")[-1], _place(ROOT, one["path"], one["start"]["line"])


def secrets():
    """Keys and passwords in each line that git ever got, and in those that are not committed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in lines_ever(ROOT).items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines))
        words = ["scan", "--all-files", "--no-verify", "."]
        answer = answer_of(TOOLS / "detect-secrets", *words, cwd=folder)
        for one in (one for many in answer["results"].values() for one in many):
            yield one["type"], _place(folder, one["filename"], one["line_number"])


def lines_ever(repository):
    """{path: lines} that any commit of a repository, or what changes it now, added; each once."""
    lines, name = {}, ""
    for words in (["log", "--patch", "--format="], ["diff"]):
        command = ["git", *words, "--unified=0", "--no-color", "HEAD"]
        done = subprocess.run(command, cwd=repository, capture_output=True, check=True)
        for line in done.stdout.decode(errors="replace").split("\n"):
            if line.startswith("+++ "):
                name = line.removeprefix("+++ ").removeprefix("b/")
            elif line.startswith("+"):
                lines.setdefault(name, {})[line[1:]] = None
    return lines


def _place(folder, name, number):
    line = Path(folder, name).read_text().split("\n")[number - 1]
    return f"{name.removeprefix('./')}: {line.strip()}"


def pip_audit():
    # Without --strict it skips what its service does not know, and ends with 0.
    words = ["--strict", "--no-deps", "--disable-pip", "--progress-spinner", "off"]
    words += ["--format", "json"]
    for name in PACKAGES:
        for one in answer_of(TOOLS / "pip-audit", *words, "--requirement", name)["dependencies"]:
            if "skip_reason" in one:
                raise NotRun(f"It skipped {one['name']}.")
            for fault in one["vulns"]:
                yield fault["id"], f"{name}: {one['name']} {one['version']}"


def npm_audit():
    answer = answer_of("npm", "audit", "--json")
    if "vulnerabilities" not in answer:
        raise NotRun(answer.get("message", "It did not say what it knows."))
    for name, fault in answer["vulnerabilities"].items():
        yield fault["severity"], f"package-lock.json: {name}"


CODE = {"bandit": bandit, "semgrep": semgrep, "secrets": secrets}
ASK_OUTSIDE = {"pip-audit": pip_audit, "npm audit": npm_audit}


def unaccepted(findings, accepted):
    """The findings that are not `accepted`, as sentences, and one for each entry in vain."""
    in_vain = {pattern: rules for rules, pattern in accepted}
    for rule, where in findings:
        fitting = [pattern for rules, pattern in accepted if rule in rules.split(", ")]
        fitting = [pattern for pattern in fitting if fnmatch(where, pattern)]
        for pattern in fitting:
            in_vain.pop(pattern, None)
        if not fitting:
            yield f"{rule} in {where}"[:160]
    for pattern, rules in in_vain.items():
        yield f"accepted, but not found any more: {rules} in {pattern}"


def main():
    checks = Checks()
    accepted = tomllib.loads((HERE / "audit_accepted.toml").read_text())
    for name, tool in {**CODE, **ASK_OUTSIDE}.items():
        try:
            found = list(unaccepted(tool(), accepted.get(name, [])))
        except (NotRun, subprocess.TimeoutExpired) as reason:
            if name in ASK_OUTSIDE and os.environ.get("OFFLINE"):
                print(f"{name}: NOT RUN (OFFLINE): {reason}", flush=True)
                continue
            found = [f"not run: {reason}"]
        checks.check(not found, name, *found)
    return checks.end()


if __name__ == "__main__":
    sys.exit(main())
