"""Run the security tools: `python -m audit [--quick] [--offline] [--only NAME]`."""

import argparse
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from audit import code, dependencies, planted, tree
from audit.outcome import timed
from audit.portal import DENTIST, STAFF, prepare
from audit.web import Web

# Name → what runs it, over a copy of the project.
CODE = {
    "check --deploy": code.django_check,
    "ruff S": code.ruff,
    "bandit": code.bandit,
    "semgrep": code.semgrep,
    "secrets": code.secrets,
}
DEPENDENCIES = {"pip-audit": dependencies.pip_audit, "npm audit": dependencies.npm_audit}
WEB = {
    "wapiti, dentist": lambda web: web.wapiti(DENTIST),
    "wapiti, staff": lambda web: web.wapiti(STAFF),
    "sqlmap": lambda web: web.sqlmap(),
}
SHOWN = 40  # lines of one kind; the rest is a number


def main():
    options = _options()
    outcomes = {}
    for name, outcome in _all(options):
        outcomes[name] = outcome
        print(_line(name, outcome, options.offline), flush=True)
        _details(outcome)
    counted = [one for name, one in outcomes.items() if not _left_out(name, one, options.offline)]
    passed = sum(one.passed for one in counted)
    print(f"{passed} passed, {len(counted) - passed} failed")
    return 0 if counted and passed == len(counted) else 1


def _options():
    parser = argparse.ArgumentParser(prog="python -m audit", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the tools that read code only")
    parser.add_argument(
        "--offline",
        action="store_true",
        help="let pip-audit and npm audit be left out when their services cannot be reached",
    )
    parser.add_argument("--only", metavar="NAME", help="those whose name begins with NAME")
    return parser.parse_args()


def _all(options):
    """Name and Outcome of each tool, one after the other."""

    def wanted(names):
        return [one for one in names if one.startswith(options.only or "")]

    with tempfile.TemporaryDirectory(prefix="audit-") as folder:
        copy = Path(folder, "copy")
        tree.copy(copy, planted.FILES)
        for name in wanted(CODE):
            yield name, timed(lambda name=name: CODE[name](copy))
        if options.quick:
            return
        for name in wanted(DEPENDENCIES):
            yield name, timed(lambda name=name: DEPENDENCIES[name](copy))
        for name in wanted(WEB):
            with _thrown_away(Path(folder, "web")) as place:
                yield name, timed(lambda name=name, place=place: _scan(name, place, folder))


def _scan(name, place, folder):
    prepared = Path(folder, "prepared")
    if not prepared.exists():
        prepare(prepared)
    return WEB[name](Web(place, prepared))


@contextmanager
def _thrown_away(folder):
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def _left_out(name, outcome, offline):
    return bool(outcome.not_run) and offline and name in DEPENDENCIES


def _line(name, outcome, offline):
    if _left_out(name, outcome, offline):
        said = f"NOT RUN (--offline): {outcome.not_run}"
    elif outcome.not_run:
        said = f"FAILED, not run: {outcome.not_run}"
    else:
        found = outcome.planted - len(outcome.missed)
        whether = "yes" if not outcome.missed else "NO"
        said = (
            f"findings {len(outcome.findings)}, planted faults found: {whether} "
            f"({found} of {outcome.planted})"
        )
    return f"{name:<16} {said}, {outcome.seconds:.0f} s"


def _details(outcome):
    for title, lines in (("found", outcome.findings), ("MISSED", outcome.missed)):
        for one in lines[:SHOWN]:
            print(f"    {title}: {one}")
    if len(outcome.findings) > SHOWN:
        print(f"    … and {len(outcome.findings) - SHOWN} more")
    for one in outcome.cut[:SHOWN]:
        print(f"    left out: {one}")
    if len(outcome.cut) > SHOWN:
        print(f"    … and {len(outcome.cut) - SHOWN} more left out")


if __name__ == "__main__":
    sys.exit(main())
