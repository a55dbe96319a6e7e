"""docs/security.md is whole: each item of the two measures once, and every test that it names."""

import ast
import re
from functools import cache

from django.conf import settings

PAGE = (settings.BASE_DIR / "docs" / "security.md").read_text()

# How many items of level 1 or 2 each section of ASVS 5.0.0 has: numbered from 1, they come before
# those of level 3. Sections 3.1, 3.6, 6.7, 11.7 and 15.4 have level 3 only.
ITEMS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2,
    "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.1": 0, "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.6": 0, "3.7": 2,
    "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.7": 0, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2,
    "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4,
    "10.1": 2, "10.2": 2, "10.3": 4, "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3,
    "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1, "11.7": 0,
    "12.1": 3, "12.2": 2, "12.3": 4,
    "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "15.4": 0,
    "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
    "17.1": 1, "17.2": 4, "17.3": 2,
}  # fmt: skip
HIPAA = [
    "164.312(a)(1)", "164.312(a)(2)(i)", "164.312(a)(2)(ii)", "164.312(a)(2)(iii)",
    "164.312(a)(2)(iv)", "164.312(b)", "164.312(c)(1)", "164.312(c)(2)", "164.312(d)",
    "164.312(e)(1)", "164.312(e)(2)(i)", "164.312(e)(2)(ii)",
    "164.308(a)(5)(ii)(C)", "164.308(a)(5)(ii)(D)", "164.316(b)(2)(i)",
]  # fmt: skip

ROW = re.compile(
    r"^\| (?P<item>[\d.]+|164\.\S+)(?P<is_l3> \(L3\))? \|.*\| (?P<shown>[^|]+) \|$", re.M
)
NOT_APPLICABLE = re.compile(r"^Does not apply: ([\d., ]+)", re.M)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:[\w-]+/)+[\w.-]+\.\w+)(?:::\w+)?`")
# How a last column begins that names no test.
OPERATOR, NOT_MET = "Operator: ", "Not met: "
WORDS = (OPERATOR, NOT_MET, "This page", "Review: ", "`make ")

ROWS = [row.groupdict() for row in ROW.finditer(PAGE)]
ASVS = [row for row in ROWS if not row["item"].startswith("164.") and not row["is_l3"]]
LEVEL_3 = [row["item"] for row in ROWS if row["is_l3"]]
APART = re.findall(r"\d+\.\d+\.\d+", " ".join(NOT_APPLICABLE.findall(PAGE)))


def test_each_item_of_asvs_is_answered_once():
    wanted = [f"{section}.{n + 1}" for section, most in ITEMS.items() for n in range(most)]
    assert len(wanted) == 253
    assert sorted([row["item"] for row in ASVS] + APART) == sorted(wanted)


def test_items_of_level_3_are_marked_as_such():
    assert len(set(LEVEL_3)) == len(LEVEL_3) > 10
    for number in LEVEL_3:
        section, _, item = number.rpartition(".")
        assert int(item) > ITEMS[section], number


def test_each_item_of_hipaa_is_answered_once():
    assert [row["item"] for row in ROWS if row["item"].startswith("164.")] == HIPAA


def test_each_answer_names_a_test_or_says_who_or_what_else():
    unclear = [
        row for row in ROWS if not TEST.search(row["shown"]) and not row["shown"].startswith(WORDS)
    ]
    assert unclear == []


def test_the_sums_at_the_top_are_right():
    operator = [row["item"] for row in ASVS if row["shown"].startswith(OPERATOR)]
    not_met = [row["item"] for row in ASVS if row["shown"].startswith(NOT_MET)]
    said = (
        f"Of the {len(ASVS) + len(APART)} items of ASVS, "
        f"{len(ASVS) - len(operator) - len(not_met)} are met, "
        f"{len(operator)} are left to the operator, {len(APART)} do not apply and "
        f"{len(not_met)} are not met ({', '.join(not_met)})."
    )
    assert said in " ".join(PAGE.split())


@cache
def functions_in(path):
    body = ast.parse((settings.BASE_DIR / path).read_text()).body
    return {one.name for one in body if isinstance(one, ast.FunctionDef)}


def test_every_test_that_is_named_is_there():
    missing = [
        f"{path}::{name}"
        for path, name in sorted(set(TEST.findall(PAGE)))
        if not (settings.BASE_DIR / path).exists() or name not in functions_in(path)
    ]
    assert missing == []


def test_every_file_that_is_named_is_there():
    named = sorted(set(FILE.findall(PAGE)))
    assert [name for name in named if not (settings.BASE_DIR / name).exists()] == []
