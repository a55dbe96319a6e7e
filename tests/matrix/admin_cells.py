"""The lines of `admin_rows` with the rules: which pages a model has and what they answer."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from tests.forms import forms_in
from tests.matrix.admin_rows import ACTIONS, MODELS, PAGES
from tests.matrix.rules import (
    ADMIN_SIGN_IN,
    FOREIGN,
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
)
from tests.matrix.world import NONE, SEES
from tests.urls import BY_ROW

KINDS = {
    "list": "",
    "add": "add/",
    "history": "<path:object_id>/history/",
    "delete": "<path:object_id>/delete/",
    "change": "<path:object_id>/change/",
    # Leads on to the page of the row, whoever asks and for whatever.
    "short": "<path:object_id>/",
}


class AdminCells:
    settings = {}
    is_secret = False
    knows_more = False
    stranger = member = ""
    besides = frozenset()
    # The methods that may be answered differently, for the control.
    asked_with = ("GET", "POST")

    def after(self, asked):
        return True

    def values(self, asked):
        """What stands in the address, by the names of its parameters."""
        return {}

    def is_closed_to(self, role):
        """Whether somebody is led away before anybody looks for what."""
        return not is_signed_in(role) or lacks_a_step(role) or is_member(role)

    def is_hidden(self, role, method, thing):
        """Whether an object must be answered as one that is not there."""
        return self.expected(role, method, thing) == self.expected(role, method, NOBODYS)

    def expected(self, role, method, thing):
        if method not in PAGE_METHODS:
            return "405"
        if not is_signed_in(role):
            return self.stranger or SIGN_IN
        if lacks_a_step(role):
            return SET_UP
        if is_member(role):
            return self.member or ADMIN_SIGN_IN
        return self.for_staff(role, method, thing)


@dataclass(frozen=True, eq=False)
class ModelCells(AdminCells):
    model: object
    kind: str

    @property
    def name(self):
        return f"admin:{self.model.label}{self.model.which} {self.kind}"

    @property
    def pattern(self):
        return f"admin/{self.model.label.replace('.', '/')}/{KINDS[self.kind]}"

    @property
    def things(self):
        if self.kind in {"list", "add"}:
            return [None]
        # Of what belongs to no case, whoever sees one row sees all.
        return [OWN, FOREIGN, NOBODYS] if self.model.scoped else [OWN, NOBODYS]

    def for_staff(self, role, method, thing):
        method = "GET" if method == "HEAD" else method
        is_there = self._is_there(role, thing)
        return getattr(self, f"_{self.kind}")(role, method, is_there)

    def _is_there(self, role, thing):
        if role in self.model.hidden_from:
            return False
        if self.model.scoped and role not in self.model.all:
            return thing == OWN and role in self.model.view and SEES[role] != NONE
        return thing in {OWN, FOREIGN}

    def _list(self, role, method, _):
        return "200" if role in self.model.view else "403"

    def _add(self, role, method, _):
        if role not in self.model.add:
            return "403"
        return "302+" if method == "POST" else "200"

    def _change(self, role, method, is_there):
        model = self.model
        if model.logged and role in model.view and not is_there:
            return "404"
        if method == "GET":
            return ("200" if is_there else "302") if role in model.view else "403"
        if is_there:
            return "302+" if role in model.change else "403"
        return "302" if role in {*model.change, *model.act} else "403"

    def _history(self, role, method, is_there):
        if self.model.logged and (role not in self.model.view or not is_there):
            return "404" if role in self.model.view else "403"
        # Looks for the row before it asks who wants to know.
        if not is_there:
            return "302"
        return "200" if role in self.model.view else "403"

    def _delete(self, role, method, is_there):
        if role not in self.model.delete:
            return "403"
        if not is_there:
            return "302"
        if method == "GET":
            return "200"
        return "200" if self.model.kept else "302+"

    def _short(self, role, method, is_there):
        return "302"

    def _row(self, asked):
        return (asked.side or asked.mine).rows[self.model.label + self.model.which]

    def values(self, asked):
        return {"object_id": _key(asked, self._row(asked))}

    def request(self, asked):
        row, pk = self._row(asked), _key(asked, self._row(asked))
        url = BY_ROW[self.pattern].address({"object_id": pk})
        sent = {"data": {}}
        if self.kind == "add":
            sent = {"data": _filled(self.model.new, asked)}
        elif self.kind == "delete":
            sent = {"data": {"post": "yes"}}
        elif self.kind == "change":
            sent = {"data": partial(_form_of, self.model.label, row, {})}
        return url, sent, [str(pk)] if self.kind not in {"list", "add"} else []


def _form_of(label, row, more, get):
    """What the page of a row sends when "Save" is pressed on it, and more than it shows."""
    url = f"/admin/{label.replace('.', '/')}/{row.pk}/change/"
    # All other forms of the page are small.
    form = max(forms_in(get("superuser", url), url), key=lambda form: len(form.fields))
    return {**form.untouched(), **more}


def _key(asked, row):
    """The key of a row, or for nobody's object one of the same kind that no row has."""
    if asked.side:
        return row.pk
    return NOWHERE["pk"] if isinstance(row.pk, UUID) else NO_ROW


@dataclass(frozen=True, eq=False)
class PageCells(AdminCells):
    page: object

    @property
    def name(self):
        return f"admin:{self.page.route} {self.page.query}{self.page.about}".strip()

    @property
    def pattern(self):
        return f"admin/{self.page.route}"

    @property
    def stranger(self):
        return self.page.stranger

    @property
    def member(self):
        return self.page.member

    @property
    def things(self):
        return [OWN, FOREIGN, NOBODYS] if self.page.of else [None]

    def after(self, asked):
        return self.page.after(asked)

    def for_staff(self, role, method, thing):
        page = self.page
        answers = parsed(page.roles.get(role, page.answers))
        if answers and method not in answers:
            return "405"
        if role not in page.who and role not in page.roles:
            return page.others
        if thing == NOBODYS or (thing == FOREIGN and role in page.own_only):
            return page.missing
        return answers[method]

    def values(self, asked):
        page = self.page
        pk = asked.side.rows[page.of].pk if page.of and asked.side else NO_ROW
        return {"pk": pk, "id": pk, "object_id": pk, **page.fill}

    def request(self, asked):
        side, page, values = asked.side or asked.mine, self.page, self.values(asked)
        data = _filled(page.data, asked)
        if page.form:
            data = partial(_form_of, page.of, side.rows[page.of], data)
        url = BY_ROW[self.pattern].address(values) + page.query
        return url, {"data": data}, [str(values["pk"])] if page.of else []


def _filled(data, asked):
    """The data with values in the place of callables."""
    return {name: value(asked) if callable(value) else value for name, value in data.items()}


@dataclass(frozen=True, eq=False)
class ActionCells(AdminCells):
    """A batch action of a list, for one row."""

    model: object
    action: str
    who: list
    answer: str

    @property
    def name(self):
        return f"admin:{self.model.label} action {self.action}"

    @property
    def pattern(self):
        return f"admin/{self.model.label.replace('.', '/')}/"

    @property
    def things(self):
        return [OWN, FOREIGN, NOBODYS] if self.model.scoped else [OWN, NOBODYS]

    def for_staff(self, role, method, thing):
        if role not in self.model.view:
            return "403"
        if method in {"GET", "HEAD"}:
            return "200"
        if role in self.who and self._is_there(role, thing):
            return self.answer
        # Without any action for the person, the list is shown.
        return "200/302"

    def _is_there(self, role, thing):
        is_all = not self.model.scoped or role in self.model.all
        return thing == OWN or (thing == FOREIGN and is_all)

    def is_hidden(self, role, method, thing):
        is_asked = method == "POST" and role in self.who
        return is_asked and not self._is_there(role, thing)

    def request(self, asked):
        row = (asked.side or asked.mine).rows[self.model.label]
        pk = _key(asked, row)
        data = {"action": self.action, "_selected_action": pk, "index": "0", "select_across": "0"}
        return f"/{self.pattern}", {"data": data}, [str(pk)]


def action_cells():
    for model in MODELS:
        if not model.which:
            for action, (who, answer) in ACTIONS.get(model.label, {}).items():
                yield ActionCells(model, action, who, answer)


def all_cells():
    cells = [ModelCells(model, kind) for model in MODELS for kind in KINDS]
    return [*cells, *map(PageCells, PAGES), *action_cells()]
