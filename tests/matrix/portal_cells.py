"""The rows of `rows.TABLE` with the rules."""

from dataclasses import dataclass

from accounts.sign_in import staff_links
from cases import drafts
from tests.matrix import foreign_keys, rows
from tests.matrix.rules import (
    FOREIGN,
    MIXED,
    NO_ROW,
    NOBODYS,
    NOWHERE,
    OWN,
    PAGE_METHODS,
    SET_UP,
    SIGN_IN,
    is_member,
    is_signed_in,
    lacks_a_step,
    parsed,
)  # fmt: skip
from tests.matrix.world import ALL, BOOKED, SEES
from tests.urls import BY_ROW

# The parts of an address that stand for an object.
NAMING = {"number", "pk", "form_key", "token"}
REFUSALS = {"403", "404", "405"}
ROWS = {"grant", "passkey", "user_session", "member", "second_owner", "former", "invitation"}
TOKENS = {"over_token", "known_token", "closed_token"}
CASES = {"booked", "ready", "made"}
# What belongs to the case that has a session in a block of the planner.
OF_THE_BOOKED = {"booked", "prescription", "attachment"}


@dataclass(frozen=True, eq=False)
class PortalCells:
    row: rows.Row

    @property
    def name(self):
        return self.row.name

    @property
    def pattern(self):
        return self.row.name.split()[0]

    @property
    def settings(self):
        return self.row.settings

    @property
    def besides(self):
        return self.row.besides

    @property
    def asked_with(self):
        """The methods that may be answered differently, for the control."""
        known = {*parsed(self.row.members), "GET", "POST", "PUT"}
        return sorted(known - ({"HEAD"} if "GET" in parsed(self.row.members) else set()))

    @property
    def after(self):
        return self.row.after

    @property
    def is_secret(self):
        return self.row.secret

    @property
    def things(self):
        if self.row.of in {"", "other_update"}:
            return [None]
        return [OWN, FOREIGN, NOBODYS, *([MIXED] if self.row.of == "attachment" else [])]

    def expected(self, role, method, thing):
        if not is_signed_in(role):
            answers = parsed(self.row.half) if role == "half" else {}
            return answers.get(method) or self._to_a_stranger(method, thing)
        if lacks_a_step(role) and self.row.without_step is not None:
            return self._before_the_step(method)
        answer = self._answers(role).get(method, "405")
        if method not in {*parsed(self.row.members), *parsed(self.row.staff)}:
            return "405"
        if (answer in REFUSALS and not self.row.looks_first) or self._sees(role, thing):
            return answer
        unseen = {FOREIGN: self.row.foreign, NOBODYS: self.row.nobodys}.get(thing, "")
        return parsed(unseen).get(method, "404")

    @property
    def knows_more(self):
        """Whether its address is one of those that know more methods than a page."""
        return self.pattern.startswith("cases:upload")

    def is_closed_to(self, role):
        """Whether somebody is led away before anybody looks for what."""
        speaks = self.row.stranger or self.row.stranger_own
        return lacks_a_step(role) or (not is_signed_in(role) and not speaks)

    def is_hidden(self, role, method, thing):
        """Whether an object must be answered as one that is not there."""
        expected = self.expected(role, method, thing)
        if not is_signed_in(role) or lacks_a_step(role) or expected in REFUSALS:
            return expected == self.expected(role, method, NOBODYS)
        return thing == FOREIGN and expected == self.expected(role, method, NOBODYS)

    def _before_the_step(self, method):
        """Led to the set-up, whatever they ask for; uploads may be asked with any method."""
        led = SET_UP if method in PAGE_METHODS else "405"
        return parsed(self.row.without_step).get(method, led)

    def _to_a_stranger(self, method, thing):
        if self.row.secret and thing == NOBODYS:
            return "404" if method in PAGE_METHODS else "405"
        if method not in PAGE_METHODS and not self.row.stranger:
            return "405"
        # A key that nobody has is whose the token says.
        is_own = thing == OWN or (thing == NOBODYS and self.row.of == "draft")
        own = parsed(self.row.stranger_own) if is_own else {}
        return {**parsed(self.row.stranger), **own}.get(
            method, "405" if self.row.stranger else SIGN_IN
        )

    def _answers(self, role):
        if role in self.row.roles:
            return parsed(self.row.roles[role])
        if self.row.owners and role != "owner":
            return dict.fromkeys(parsed(self.row.members), "403")
        return parsed(self.row.members if is_member(role) else self.row.staff)

    def _sees(self, role, thing):
        if self.row.whatever == ("members" if is_member(role) else "staff"):
            return True
        if thing is None or (self.row.secret and thing != NOBODYS):
            return True
        if is_member(role):
            return thing == OWN and (not self.row.only or role in self.row.only)
        if SEES[role] == BOOKED:
            of = {*OF_THE_BOOKED, *(["grant"] if role == "emergency" else [])}
            return thing == OWN and self.row.of in of
        return SEES[role] == ALL and thing in {OWN, FOREIGN}

    def request(self, asked):
        """Address, what is sent, and the values in both that stand for the object."""
        values = self.values(asked)
        sent = dict(self.row.send(asked))
        url = BY_ROW[self.pattern].address({**NOWHERE, **values}) + sent.pop("query", "")
        return url, sent, [str(value) for name, value in values.items() if name in NAMING]

    def values(self, asked):
        """What stands in the address, by the names of its parameters."""
        side, of = asked.side, self.row.of
        if of == "other_update":
            return {"form_key": drafts.update_key(asked.theirs.ready)}
        if side is None:
            return {**NOWHERE, "pk": NO_ROW if of in ROWS else NOWHERE["pk"]} if of else {}
        if of in CASES:
            return {"number": getattr(side, of).number}
        if of in ROWS:
            return {"pk": getattr(side, of).pk}
        if of == "staff_token":
            return {"token": staff_links.token(side.clerk)}
        if of in TOKENS:
            return {"token": f"{side.word}-{of.removesuffix('_token')}"}
        if of == "sent_form":
            return {"form_key": side.ready.form_key}
        if of == "form_of_made":
            return {"form_key": side.made.form_key}
        if of == "ready_in_metadata":
            return {"number": side.ready.number}
        if of == "item":
            return {"pk": side.item.pk}
        if of == "announced":
            return {"pk": side.upload.upload_key}
        if of == "token":
            return {"token": side.word}
        if of == "prescription":
            return {"number": side.booked.number, "revision": 1}
        if of == "attachment":
            of_file = asked.theirs if asked.thing == MIXED else side
            return {"number": side.booked.number, "pk": of_file.attachment.pk}
        if of == "upload":
            return {"pk": side.upload.pk}
        if of == "next_update":
            return {"form_key": drafts.update_key(side.ready), "number": side.ready.number}
        return {"form_key": side.draft.pk}


def all_cells():
    return [PortalCells(row) for row in [*rows.TABLE, *foreign_keys.TABLE]]
