"""What both tables share: the words of a row, and who asks for what."""

import re
import uuid
from types import SimpleNamespace

from tests.matrix.world import MEMBERS, NO_STEP, NOT_SIGNED_IN

PAGE_METHODS = {"GET", "HEAD", "POST"}
METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]
OWN, FOREIGN, NOBODYS, MIXED = "own", "foreign", "nobody's", "own with a foreign part"
SIGN_IN, ADMIN_SIGN_IN = "302 to sign in", "302 to sign in to admin"
SET_UP = "302 to set up the second step"
NO_ROW = 777777
# What stands in an address for which there is no row.
NOWHERE = {
    "number": "99-99999",
    "pk": uuid.UUID(int=7),
    "form_key": uuid.UUID(int=7),
    "revision": 1,
    "token": "no-such-token",
    "uidb36": "1",
    "key": "set-password",
}


# Of what belongs to cases, the views without `access.logged`, and why.
_REFUSED = "nobody may: accounts.middleware notes the refusal"
_ROW = r"admin/(cases|scheduling)/\w+/"
NOT_LOGGED = {
    "cases:uploads?": "a body may be hours on its way; its beginning has a row, its pieces none",
    r"admin/scheduling/(block|planner)/.*": "the hours of the lab; of a case its number",
    "admin/cases/material/.*": "a list of the lab's, of which no patient is known",
    rf"{_ROW}add/": _REFUSED,
    rf"{_ROW}<path:object_id>/delete/": _REFUSED,
    rf"{_ROW}<path:object_id>/": "leads on to the page of the row, whatever its key",
}


def must_be_logged(pattern):
    """Whether a view gives out or changes what belongs to cases."""
    is_about_cases = re.match(rf"(cases|scheduling):|{_ROW}", pattern)
    return is_about_cases and not any(re.fullmatch(each, pattern) for each in NOT_LOGGED)


def parsed(answers):
    """ "GET 200, POST 302+" as a dict; HEAD is answered as GET if nothing else is said."""
    by_method = dict(pair.split(" ", 1) for pair in answers.split(", ") if pair)
    if "GET" in by_method:
        by_method.setdefault("HEAD", by_method["GET"])
    return by_method


def asked(world, role, thing):
    """Who asks for what: `mine` and `theirs` are sides, `side` that of the object, or None."""
    mine, theirs = world.own, world.foreign
    if role == "other":
        mine, theirs = theirs, mine
    return SimpleNamespace(
        world=world,
        role=role,
        user=world.people[role],
        thing=thing,
        mine=mine,
        theirs=theirs,
        side={OWN: mine, FOREIGN: theirs, MIXED: mine}.get(thing),
    )


def is_signed_in(role):
    return role not in NOT_SIGNED_IN


def is_member(role):
    return role in MEMBERS


def lacks_a_step(role):
    return role in NO_STEP


def nobodys_first(things):
    """The objects in the order in which they are asked for: the others are compared with none."""
    return sorted(things, key=lambda thing: thing != NOBODYS)
