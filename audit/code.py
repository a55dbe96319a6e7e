"""Tools that read the code: one run each over a copy that has the planted files as well."""

import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from audit import planted, tree
from audit.outcome import BASE_DIR, Finding, Outcome, judged, run

TOOLS = BASE_DIR / ".venv-audit" / "code" / "bin"
# What of the project runs somewhere, or makes something that does.
PYTHON = ["accounts", "audit", "drills", "bin/start", "cases", "conftest.py", "manage.py"]
PYTHON += ["portal", "scheduling", "tests"]
# A production environment; nothing of it is real. As in the Makefile.
PRODUCTION = {
    "SITE_URL": "https://portal.example.com",
    "ALLOWED_HOSTS": "portal.example.com",
    "DEBUG": "0",
    "SECRET_KEY": "-".join(["for-the-check-only", *map(str, range(30))]),
}
CHECK = re.compile(r"\((?P<id>\w+\.[CEIW]\d+)\) (?P<text>.*)")


def django_check(copy):
    """`check --deploy` in a production environment, and again with DEBUG on."""
    findings = _checked(copy)
    if silenced := _silenced(copy):
        findings.append(Finding("silenced checks", "portal/settings.py", 0, silenced))
    missed = []
    if "security.W018" not in {one.rule for one in _checked(copy, DEBUG="1")}:
        missed.append("security.W018 with DEBUG=1")
    if not _silenced(copy, "SILENCED_SYSTEM_CHECKS = ['security.W018']"):
        missed.append("a silenced check")
    return Outcome(findings, missed, planted=2)


def _environment(copy, **changes):
    return {**os.environ, **PRODUCTION, "DATA_DIR": str(Path(copy, "var")), **changes}


def _checked(copy, **changes):
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "INFO"]
    # As it is in the project, not in the copy, which lacks what bin/setup installs.
    done = run(command, env=_environment(copy, **changes))
    found = list(CHECK.finditer(done.stdout + done.stderr))
    return [Finding(one["id"], "portal/settings.py", 0, one["text"]) for one in found]


def _silenced(copy, more=""):
    settings = f"{(BASE_DIR / 'portal' / 'settings.py').read_text()}\n{more}\n"
    code = "import runpy, sys; made = runpy.run_path(sys.argv[1]);"
    code += "print(made.get('SILENCED_SYSTEM_CHECKS') or '')"
    path = Path(copy, "portal", "planted_settings.py")
    path.write_text(settings)
    try:
        done = run([sys.executable, "-c", code, path], env=_environment(copy), codes=(0,))
    finally:
        path.unlink()
    return done.stdout.strip()


def ruff(copy):
    """Ruff's S rules, with the exceptions that pyproject.toml gives reasons for."""
    command = [BASE_DIR / ".venv/bin/ruff", "check", "--select", "S", "--no-cache"]
    done = run([*command, "--output-format", "json", "."], cwd=copy)
    findings = [
        Finding(
            one["code"],
            os.path.relpath(one["filename"], os.path.realpath(copy)),
            one["location"]["row"],
            one["message"],
        )
        for one in json.loads(done.stdout)
    ]
    return judged("ruff", findings, planted.RUFF_RULES)


def bandit(copy):
    command = [TOOLS / "bandit", "--quiet", "--recursive", "--format", "json"]
    # A comment of another tool must not silence this one; ours are in accepted.toml.
    done = run([*command, "--ignore-nosec", *PYTHON], cwd=copy)
    answer = json.loads(done.stdout)
    findings = [
        Finding("not read", one["filename"], 0, one["reason"]) for one in answer["errors"]
    ] + [
        Finding(
            one["test_id"],
            one["filename"].removeprefix("./"),
            one["line_number"],
            _line(copy, one["filename"], one["line_number"]),
        )
        for one in answer["results"]
    ]
    return judged("bandit", findings, planted.BANDIT_RULES)


def _line(folder, name, number):
    return Path(folder, name).read_text().split("\n")[number - 1].strip()


def semgrep(copy):
    """Our own rules; those of others would have to be fetched from outside."""
    command = [TOOLS / "semgrep", "scan", "--metrics=off", "--disable-version-check", "--json"]
    command += ["--quiet", "--disable-nosem", "--no-git-ignore", "--jobs", "2"]
    command += ["--config", BASE_DIR / "audit" / "rules"]
    env = {**os.environ, "SEMGREP_SEND_METRICS": "off", "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    done = run([*command, *PYTHON, "templates"], cwd=copy, codes=(0, 1), env=env)
    answer = json.loads(done.stdout)
    findings = [
        Finding("not read", str(one.get("path", "")), 0, one.get("message", "")[:200])
        for one in answer["errors"]
    ] + [
        Finding(
            one["check_id"].split(".")[-1],
            one["path"],
            one["start"]["line"],
            _line(copy, one["path"], one["start"]["line"]),
        )
        for one in answer["results"]
    ]
    return judged("semgrep", findings, planted.SEMGREP_RULES)


def secrets(copy):
    """Keys and passwords in the tree, and in each line that git ever got."""
    lines = _lines_ever(BASE_DIR)
    lines |= _lines_ever(_repository_with_a_removed_key(Path(copy, "var", "planted-history")))
    for name in tree.files_below(copy):
        with suppress(UnicodeDecodeError):
            text = Path(copy, name).read_text()
            lines.setdefault(name, {}).update(dict.fromkeys(text.split("\n")))
    # Each line once, however long it has been there.
    folder = Path(copy, "var", "lines")
    for name, once in lines.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(once))
    done = run([TOOLS / "detect-secrets", "scan", "--all-files", "--no-verify", "."], cwd=folder)
    findings = [
        Finding(one["type"], one["filename"], 0, _line(folder, one["filename"], one["line_number"]))
        for many in json.loads(done.stdout)["results"].values()
        for one in many
    ]
    return judged("secrets", findings, planted.SECRETS)


def _lines_ever(repository):
    """{path: lines} of all lines that any commit of a repository added, each once."""
    command = ["git", "log", "--patch", "--unified=0", "--no-color", "--format=", "HEAD"]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=True)
    lines, name = {}, ""
    for line in done.stdout.decode(errors="replace").split("\n"):
        if line.startswith("+++ "):
            name = line.removeprefix("+++ ").removeprefix("b/")
        elif line.startswith("+") and name:
            lines.setdefault(name, {})[line[1:]] = None
    return lines


def _repository_with_a_removed_key(folder):
    folder.mkdir(parents=True)
    git = ["git", "-c", "user.name=Nobody", "-c", "user.email=nobody@portal.example"]
    for text in (planted.PASSWORD_LINE, "AWS_KEY = None\n"):
        (folder / "planted_and_removed.py").write_text(text)
        for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Planted"]):
            subprocess.run([*git, *words], cwd=folder, check=True)
    return folder
