"""The matrix: each row × role × method × object, what is expected and what comes.

Rules, beside what the rows say:
- a method that a row does not name is answered with 405, whoever asks and for whatever;
- somebody who is not signed in, or whose session or account has ended, is led to the sign-in;
- who may not, gets 403 for a page, and for an object the same answer as for one that is not there:
  status, headers and body;
- nothing is written but what a row says with "+", by a stranger neither a session nor a log line;
- what belongs to a case is neither shown, changed nor refused without its row in the access log;
- no answer has a word of a practice that is none of the business of who asked.
"""

import re
import uuid
from collections import defaultdict
from dataclasses import dataclass

from django.core import signing
from django.test import override_settings

from tests.matrix import admin_cells, portal_cells
from tests.matrix.rules import (
    ADMIN_SIGN_IN,
    METHODS,
    MIXED,
    NOBODYS,
    PAGE_METHODS,
    SET_UP,
    SIGN_IN,
    asked,
    is_signed_in,
    must_be_logged,
    nobodys_first,
)
from tests.matrix.world import ROLES

TO = {SIGN_IN: "/accounts/login/", ADMIN_SIGN_IN: "/admin/login/", SET_UP: "/accounts/two-step/"}

# What belongs to a case, or to a person, and is looked for among what they see.
PARTS = re.compile(r"cases:(discard_draft|keep_draft|end_emergency)|.*/(try-again|missing/settle)/")

# Fields that forms of the portal have, as a stranger might send them to any address.
TYPED = {
    "body": "Hello",
    "patient_name": "Ann",
    "description": "Guide",
    "email": "ann@x.example",
    "login": "ann@x.example",
    "password": "four-crowns",
    "name": "Ann",
    "code": "123456",
    "save_practice": "1",
    "form_key": str(uuid.UUID(int=5)),
    "form_token": signing.dumps([1, "/account/"], key="another", salt="accounts.unsent"),
    "kept": "1",
    "next": "/cases/",
}


def all_cells():
    return [*portal_cells.all_cells(), *admin_cells.all_cells()]


def shortened(rows):
    """Who asks which rows in every `make test`: of those who are answered alike, the first.

    Who is led away wherever they go asks one row of each area for each way of being answered.
    """
    seen, asks = set(), defaultdict(list)
    for row in rows:
        for role in ROLES:
            where = (role, area_of(row)) if row.is_closed_to(role) else row
            answers = tuple(
                row.expected(role, method, thing)
                for method in row.asked_with
                for thing in things_of(row, role, method)
            )
            kind = where, is_signed_in(role), answers
            if kind not in seen:
                seen.add(kind)
                asks[role].append(row)
    return asks | {"anonymous": rows}


def area_of(row):
    """The app, and in admin the model's app."""
    app, _, page = row.name.partition(":")
    if app == "admin":
        return f"admin of {re.match(r'[a-z]*', page)[0]}"
    return "uploads" if page.startswith("upload") else app.partition("_")[0]


@dataclass(frozen=True)
class Wrong:
    """A cell that is not as it should be."""

    row: str
    role: str
    method: str
    thing: str
    what: str

    def __str__(self):
        thing = f" {self.thing}" if self.thing else ""
        return f"{self.row}: {self.role} {self.method}{thing}: {self.what}"


class Matrix:
    def __init__(self, world, asker):
        self.world = world
        self.asker = asker
        self.requests = 0
        self._pages = {}

    def wrong(self, cells, roles=ROLES, methods=METHODS):
        """Each cell of a row that is not as it should be."""
        for role in roles:
            for method in methods:
                nobodys = None
                for thing in things_of(cells, role, method):
                    seen, found = self.cell(cells, role, method, thing, nobodys)
                    nobodys = nobodys or seen
                    yield from found

    def cell(self, cells, role, method, thing, nobodys=None):
        """What an answer looks like to the person, and all that is wrong with it."""
        with override_settings(**cells.settings):
            answer, named, sent = self.ask(cells, role, method, thing)
        found = []
        if role == "anonymous" and answer.besides - cells.besides:
            found.append(f"writes {sorted(answer.besides)}")
        secret = [] if cells.is_secret else self.secret_words(role)
        found += compared(answer, cells.expected(role, method, thing))
        found += told(answer, secret, sent)
        is_of_a_case = any(key in re.split("[? ]", sent)[0] for key in named)
        if is_of_a_case and is_signed_in(role) and must_be_logged(cells.pattern):
            is_part = thing == MIXED or PARTS.match(cells.pattern)
            found += unnoted(answer, method, asked(self.world, role, thing), is_part)
        seen = answer.seen_as(named)
        if thing not in {None, NOBODYS} and cells.is_hidden(role, method, thing):
            nobodys = nobodys or self.cell(cells, role, method, NOBODYS)[0]
            found += [] if seen == nobodys else ["tells that it is there"]
        return seen, [Wrong(cells.name, role, method, thing, what) for what in found]

    def ask(self, cells, role, method, thing):
        who = asked(self.world, role, thing)
        url, sent, named = cells.request(who)
        if callable(sent.get("data")):
            sent["data"] = sent["data"](self._page) if method == "POST" else {}
        if not (is_signed_in(role) or isinstance(sent.get("data"), bytes)):
            sent["data"] = TYPED | sent.get("data", {})
        answer = self.asker.ask(role, method, url, **sent, after=lambda: cells.after(who))
        self.requests += 1
        if url.startswith("/files/"):
            for side in self.world.sides:
                side.restore_files()
        return answer, named, f"{url} {sent}"

    def _page(self, role, url):
        if url not in self._pages:
            self._pages[url] = self.asker.ask(role, "GET", url).body.decode()
        return self._pages[url]

    def secret_words(self, role):
        """The words that must not turn up with somebody."""
        own, foreign = self.world.sides
        everything = [own.office, own.patient, foreign.office, foreign.patient]
        patients = [own.patient, foreign.patient]
        return {
            "owner": [foreign.office, foreign.patient],
            "member": [foreign.office, foreign.patient],
            "other": [own.office, own.patient],
            "lab": [],
            "superuser": [],
            "planner": [foreign.office, foreign.patient],
            "office": patients,
            "emergency": [foreign.patient],
            "emergency_over": patients,
        }.get(role, everything)


def things_of(cells, role, method):
    """The objects to ask for; one is enough where nobody looks for it, and for HEAD."""
    is_refused_at_once = method not in PAGE_METHODS and not cells.knows_more
    if cells.is_closed_to(role) or method == "HEAD" or is_refused_at_once:
        return cells.things[:1]
    return nobodys_first(cells.things)


def compared(answer, expected):
    """What is wrong with the outcome of a request."""
    if not answer.is_well:
        yield "leaves something behind that must not be"
    # A path, or a host that nobody chose: neither "//elsewhere" nor "/\\elsewhere".
    if answer.location and not re.match(r"/(?![/\\])|[?#]|$", answer.location):
        yield f"leads to {answer.location}"
    if expected in TO:
        if answer.outcome != "302" or not answer.location.startswith(TO[expected]):
            yield f"{answer.outcome} {answer.location} instead of {expected}"
    elif answer.outcome not in expected.split("/"):
        written = f" {sorted(answer.writes)}" if answer.writes else ""
        yield f"{answer.outcome}{written} instead of {expected}"


def unnoted(answer, method, asked, is_part):
    """Whether an object is shown, changed or refused without its row in the access log."""
    numbers, results = zip(*answer.noted, strict=True) if answer.noted else ((), ())
    its = [case.number for side in [asked.side] if side for case in side.cases]
    expected = {
        403: ["not_now"],
        404: ["not_theirs" if asked.side and not is_part else "not_there"],
        302: ["done"] if answer.writes else None,
    }.get(answer.status)
    if expected and list(results) != expected and not (is_part and "not_theirs" in results):
        yield f"leaves {results} in the access log, not {expected}"
    if method == "GET" and answer.status == 200 and not {*numbers} & {*its}:
        yield "leaves no row about it in the access log"


def told(answer, secret, sent):
    """Words in an answer that are none of a person's business and that they did not send."""
    text = answer.text
    return [f"says {word}" for word in secret if word in text and word not in sent.lower()]
