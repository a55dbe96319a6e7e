"""The forms of a page: found by reading the HTML, filled in and sent as a browser does."""

from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser

from django.urls import resolve
from django.utils import timezone

from tests.matrix.world import PASSWORD

NEW_PASSWORD = "seven-bridges-and-an-inlay"
TEXT_KINDS = {"text", "textarea", "email", "password", "number", "date", "time", "url", "search"}


@dataclass
class Field:
    name: str
    kind: str
    values: list = field(default_factory=list)
    options: list = field(default_factory=list)

    @property
    def is_text(self):
        return self.kind in TEXT_KINDS

    def plain(self):
        """What a person who only presses the button would send."""
        if self.kind in {"checkbox", "radio", "select"}:
            usual = [option for option in self.options if option][:1]
            # Of several boxes one is ticked; a single one stays as it is.
            wanted = self.kind != "checkbox" or len(self.options) > 1
            return self.values or (usual if wanted else [])
        return [self._typed()] if self.is_text and not self.values[0] else self.values

    def _typed(self):
        day = timezone.localdate() + timedelta(days=40)
        if self.kind == "password":
            return NEW_PASSWORD if self.name[-1:] in "12" else PASSWORD
        if self.name == "implants":
            return ""  # It has a form of its own: "14: Straumann".
        usual = {"email": "jane@harbor.example", "number": "60", "time": "12:00", "url": ""}
        usual |= {"date": f"{day:%Y-%m-%d}"}
        return usual.get(self.kind, "Jane Roe")


@dataclass
class PageForm:
    """One form of a page. `before` are forms to send first, whose answer this one stands on."""

    page: str
    action: str
    method: str
    fields: list
    button: tuple | None = None
    before: tuple = ()

    @property
    def key(self):
        """The same for a form that stands on many pages, or in many rows of one."""
        names = tuple(sorted({one.name for one in self.fields}))
        actions = tuple(one.values[0] for one in self.fields if one.name == "action" and one.values)
        leads_to = resolve(self.action.partition("?")[0].partition("#")[0])
        return leads_to.view_name, leads_to.route, self.method, names, actions

    def plain(self):
        """Names and lists of values as they stand on the page, with empty fields filled in."""
        data = {}
        for one in self.fields:
            data.setdefault(one.name, []).extend(one.plain())
        if self.button:
            data[self.button[0]] = [self.button[1]]
        return data

    def untouched(self):
        """Names and lists of values as they stand on the page."""
        return {one.name: one.values for one in self.fields if one.values}

    def send(self, client, data, **headers):
        for form in self.before:
            form.send(client, form.plain())
        address = self.action.partition("#")[0]
        if self.method == "get":
            return client.get(address.partition("?")[0], data, **headers)
        return client.post(address, data, **headers)


# The admin's fields for dates are plain text to a browser.
_ADMIN_KINDS = {"vDateField": "date", "vTimeField": "time"}


class _Reader(HTMLParser):
    """Collects the forms of a page with their fields."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.page, self.forms, self.by_id = page, [], {}
        self._form = self._select = self._area = None

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            action = given.get("action") or self.page
            self._form = PageForm(self.page, action, given.get("method", "get").lower(), [])
            self.forms.append(self._form)
            self.by_id[given.get("id")] = self._form
        elif tag == "option" and self._select:
            value = given.get("value", "")
            self._select.options.append(value)
            if "selected" in given:
                self._select.values.append(value)
        elif tag in {"input", "select", "textarea", "button"} and given.get("name"):
            self._field(tag, given)

    def _field(self, tag, given):
        form = self.by_id.get(given["form"]) if "form" in given else self._form
        if form is None or "disabled" in given:
            return
        name, kind = given["name"], tag if tag in {"select", "textarea"} else given.get("type")
        kind = _ADMIN_KINDS.get(given.get("class", ""), kind or "text")
        if kind in {"submit", "image"} or tag == "button":
            form.button = form.button or (name, given.get("value", ""))
            return
        if kind in {"checkbox", "radio"}:
            self._box(form, name, kind, given)
            return
        made = Field(name, kind, [] if tag == "select" else [given.get("value", "")])
        form.fields.append(made)
        self._select = made if tag == "select" else None
        self._area = made if tag == "textarea" else None

    @staticmethod
    def _box(form, name, kind, given):
        found = next((one for one in form.fields if one.name == name), None)
        if found is None:
            form.fields.append(found := Field(name, kind))
        found.options.append(given.get("value", "on"))
        if "checked" in given:
            found.values.append(given.get("value", "on"))

    def handle_data(self, text):
        if self._area:
            self._area.values[0] += text

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._area:
            # A parser leaves out the first line end of a textarea.
            self._area.values[0] = self._area.values[0].removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None


def read(answer, page):
    """The forms in an answer; none when it is no page."""
    if answer.streaming:
        b"".join(answer.streaming_content)  # to its end, where the client closes it
        return []
    if not answer.headers.get("Content-Type", "").startswith("text/html"):
        return []
    return forms_in(answer.content.decode(), page)


def forms_in(html, page):
    """The forms in the HTML of a page."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms
