"""What came of one tool: its findings, and whether it found what was planted for it."""

import subprocess
import time
import tomllib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from audit.planted import FILES

BASE_DIR = Path(__file__).resolve().parent.parent
LONGEST = 600  # seconds that a tool may take unless it is given its own limit


class NotRun(Exception):
    """A tool could not do its work; the text says why."""


@dataclass(frozen=True)
class Finding:
    """`text` is what stands at `line` of `path`, which is relative; `rule` the tool's own name."""

    rule: str
    path: str
    line: int = 0
    text: str = ""

    def __str__(self):
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place} {self.rule} {self.text[:120]}".strip()


@dataclass
class Outcome:
    findings: list = field(default_factory=list)
    # Planted faults that were not found, by name; empty when all were.
    missed: list = field(default_factory=list)
    planted: int = 0
    # What the tool was not asked to look at, or did not get to.
    cut: list = field(default_factory=list)
    seconds: float = 0
    not_run: str = ""

    @property
    def passed(self):
        return not (self.findings or self.missed or self.not_run) and self.planted > 0


def timed(tool):
    """The Outcome of calling `tool`, with the seconds it took."""
    began = time.monotonic()
    try:
        outcome = tool()
    except NotRun as reason:
        outcome = Outcome(not_run=str(reason))
    except subprocess.TimeoutExpired as late:
        outcome = Outcome(not_run=f"It took more than {late.timeout:.0f} s.")
    outcome.seconds = time.monotonic() - began
    return outcome


def judged(tool, findings, planted, **more):
    """The Outcome of a run over a tree that has both the project and the planted files.

    `planted` is {path: rules to be found there}. Whatever else is found is the project's, unless
    accepted.toml has it for this tool.
    """
    found = {(one.path, one.rule) for one in findings}
    wanted = {(path, rule) for path, rules in planted.items() for rule in rules}
    ours = [one for one in findings if one.path not in {*FILES, *planted}]
    missed = [f"{rule} in {path}" for path, rule in sorted(wanted - found)]
    return Outcome(unaccepted(tool, ours), missed, len(wanted), **more)


def unaccepted(tool, findings):
    """The findings that accepted.toml does not have, and one for each of its entries in vain."""
    entries = [one for one in _accepted() if one["tool"] == tool]
    covering = [[one for one in entries if _covers(one, finding)] for finding in findings]
    left = [finding for finding, by in zip(findings, covering, strict=True) if not by]
    used = [one for by in covering for one in by]
    in_vain = [one for one in entries if one not in used]
    return left + [
        Finding("accepted, but not found any more:", "audit/accepted.toml", 0, _named(one))
        for one in in_vain
    ]


def _accepted():
    return tomllib.loads((BASE_DIR / "audit" / "accepted.toml").read_text())["accepted"]


def _named(entry):
    return f"{', '.join(entry['rules'])} in {entry['path']} {entry.get('text', '')}"


def _covers(entry, finding):
    return (
        finding.rule in entry["rules"]
        and fnmatch(finding.path, entry["path"])
        and entry.get("text", "") in finding.text
    )


def run(command, cwd=BASE_DIR, codes=(0, 1), seconds=LONGEST, env=None):
    """The finished process. Raises NotRun for a status that says that the tool itself failed."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds
        )
    except FileNotFoundError:
        raise NotRun(f"{command[0]} is missing. `bin/setup audit` installs it.") from None
    if done.returncode not in codes:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotRun(f"status {done.returncode}: {' | '.join(said[-3:])}")
    return done
