"""Takes away each guard in turn and sees that the matrix goes red: python -m tests.matrix.control

Each process goes through its share of the matrix once, to see which cells ask which guard, and
then asks those again without it until one is not as it should be. A guard that others stand
behind is explained in `explained.py`, and goes red together with them.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from hashlib import sha256
from itertools import islice, zip_longest
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from tests.matrix import guards

PROCESSES = 2
# A commit takes one in so many guards away, `make proof` each.
PARTS = 6
# A guard without which so many cells that ask it are as they should be is missed by none.
MOST_CELLS = 600
# In admin, where all others are answered alike.
ROLES_IN_ADMIN = ["anonymous", "member", "lab", "planner", "office", "emergency", "superuser"]


class Control:
    """The guards and the cells of one process: every so-manyth row of the matrix."""

    def __init__(self, matrix, rows):
        self.matrix = matrix
        self.rows = rows
        # Which cells ask a guard.
        self.asking = defaultdict(list)

    def look(self):
        """Go through all cells with every guard in its place; gives those that are wrong."""
        nobodys = {}
        for cell in self.cells():
            guards.reached.clear()
            seen, wrong = self.matrix.cell(*cell, nobodys.get(cell[:3]))
            nobodys.setdefault(cell[:3], seen)
            yield from wrong
            for number in guards.reached:
                self.asking[number].append(cell)

    def cells(self):
        from tests.matrix.cells import things_of
        from tests.matrix.world import ROLES

        for row in self.rows:
            is_admin = row.pattern.startswith("admin/")
            for role in ROLES_IN_ADMIN if is_admin else ROLES:
                for method in row.asked_with:
                    things = things_of(row, role, method)
                    yield from ((row, role, method, thing) for thing in things)

    def first_wrong(self, numbers):
        """The first cell that is wrong without these guards, or None."""
        guards.taken.update(numbers)
        try:
            return self.first_wrong_of(self._in_turn(numbers))
        finally:
            guards.taken.clear()

    def first_wrong_of(self, cells):
        for cell in islice(cells, MOST_CELLS):
            for wrong in self.matrix.cell(*cell)[1]:
                return str(wrong)
        return None

    def _in_turn(self, numbers):
        """The cells that ask some guards: of each row and each role in turn, its own app first."""
        of_row = defaultdict(dict)
        apps = {guards.found[number].module.partition(".")[0] for number in numbers}
        near = re.compile(rf"(admin/)?({'|'.join(apps)})[:/_]")
        for cell in sorted(
            dict.fromkeys(cell for number in numbers for cell in self.asking[number]),
            key=lambda cell: not near.match(cell[0].pattern),
        ):
            of_row[cell[0]].setdefault(cell[1], []).append(cell)
        rows = [_each_in_turn(of_role.values()) for of_role in of_row.values()]
        return _each_in_turn(rows)


def _each_in_turn(lists):
    return [one for turn in zip_longest(*lists) for one in turn if one is not None]


def work(part, parts, shared, everything, only, share):
    """Look for what one process finds, and print it as JSON lines."""
    guards.install()
    from tests.matrix.harness import matrix

    with matrix() as the_matrix:
        from tests.matrix import explained, switches
        from tests.matrix.cells import all_cells

        control = Control(the_matrix, all_cells()[part::parts])
        for wrong in control.look():
            say(wrong=str(wrong))
        chosen = [guard for guard in guards.found if is_chosen(guard.key, only, share)]
        # Every other process begins at the end: one that is red in one need not be tried again.
        for guard in chosen[:: -1 if part % 2 else 1]:
            red = None
            if everything or not explained.reason(guard.key):
                red = _red(control, guard, shared)
            say(guard=str(guard), key=guard.key, red=red)
        if only or share:
            return
        by_name = {switch.name: switch for switch in switches.all_switches()}
        by_key = defaultdict(list)
        for guard in guards.found:
            by_key[guard.key].append(guard.number)
        for names in explained.TOGETHER:
            with ExitStack() as taken:
                for name in by_name.keys() & set(names):
                    taken.enter_context(by_name[name].taken(the_matrix))
                numbers = [number for name in names for number in by_key[name]]
                say(together=list(names), red=control.first_wrong(numbers))
        for switch in by_name.values():
            say(guard=switch.name, key=switch.name, red=switch.first_wrong(control))
        for switch in switches.harmless_changes():
            say(harmless=switch.name, red=switch.first_wrong(control))


def _red(control, guard, shared):
    """The first cell that is wrong without a guard, unless another process has one already."""
    found = shared / sha256(str(guard).encode()).hexdigest()
    if guard.number not in control.asking or found.exists():
        return None
    red = control.first_wrong([guard.number])
    if red:
        found.touch()
    return red


def is_chosen(key, only, share):
    """Whether a guard is looked at: by its name, and by chance that `share` gives the seed of."""
    chance = sha256(f"{share} {key}".encode()).digest()[0]
    return re.search(only, key) and (not share or chance % PARTS == 0)


def this_commit():
    """The name of the commit, by which each takes other guards; without git always the same."""
    asked = ["git", "rev-parse", "HEAD"]
    try:
        return subprocess.run(asked, capture_output=True, text=True).stdout.strip() or "none"
    except FileNotFoundError:
        return "none"


def say(**what):
    print(json.dumps(what), flush=True)


def asked(parts=PROCESSES, everything=False, only="", share=""):
    """What all processes found."""
    # On SQLite and a disk, whatever the tests run on.
    servers = {"DATABASE_URL", "S3_BUCKET"}
    environment = {name: value for name, value in os.environ.items() if name not in servers}
    with tempfile.TemporaryDirectory(prefix="control-") as shared:
        command = [sys.executable, "-W", "ignore", "-m", "tests.matrix.control"]
        command += ["--parts", str(parts), "--shared", shared, "--only", only, "--share", share]
        command += ["--everything"] if everything else []
        at_work = [
            subprocess.Popen(
                [*command, "--part", str(part)],
                stdout=subprocess.PIPE,
                text=True,
                env=environment,
            )
            for part in range(parts)
        ]
        said = [process.communicate()[0] for process in at_work]
    assert all(process.returncode == 0 for process in at_work), "A process failed."
    return [json.loads(line) for text in said for line in text.splitlines()]


def verdict(found, is_whole=True):
    """What was red, by guard; what is explained; and sentences on what is wrong."""
    from tests.matrix import explained

    wrong = [f"With all guards in place: {each['wrong']}" for each in found if "wrong" in each]
    red, keys = {}, {}
    for each in found:
        if "guard" in each:
            keys[each["guard"]] = each["key"]
            red[each["guard"]] = red.get(each["guard"]) or each["red"]
    missed = [guard for guard in red if not red[guard]]
    reasons = {guard: explained.reason(keys[guard]) for guard in missed}
    wrong += [f"Nothing is red without {guard}" for guard, why in reasons.items() if not why]
    wrong += [
        f"Red by a harmless change, {each['harmless']}: {each['red']}"
        for each in found
        if each.get("harmless") and each["red"]
    ]
    together = defaultdict(list)
    for each in found:
        if "together" in each:
            together[" + ".join(each["together"])].append(each["red"])
    wrong += [f"Nothing is red without {pair}" for pair, reds in together.items() if not any(reds)]
    wrong += [
        f"It is explained, and there is none, or it is red: {pattern}"
        for pattern in explained.EXPLAINED
        if is_whole and not any(re.search(pattern, keys[guard]) for guard in missed)
    ]
    return red, reasons, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", type=int)
    parser.add_argument("--parts", type=int, default=PROCESSES)
    parser.add_argument("--shared", type=Path)
    parser.add_argument(
        "--everything", action="store_true", help="try the guards that are explained as well"
    )
    parser.add_argument("--share", default="", help="a sixth of the guards, by this seed")
    parser.add_argument("--only", default="", help="guards whose name has this regular expression")
    given = parser.parse_args()
    if given.part is not None:
        only = given.only, given.share
        return work(given.part, given.parts, given.shared, given.everything, *only)
    began = time.monotonic()
    found = asked(given.parts, given.everything, given.only, given.share)
    red, reasons, wrong = verdict(found, is_whole=not given.only + given.share)
    for guard, first in red.items():
        print(f"{guard}\n    {first or reasons[guard] or 'MISSED'}")
    print(*wrong, sep="\n")
    explained = [why for why in reasons.values() if why]
    count = sum(bool(first) for first in red.values())
    print(
        f"{len(red)} guards, {count} red, {len(explained)} explained, "
        f"{time.monotonic() - began:.0f} seconds"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
