"""What can be asked of a portal: every address, query and form that somebody comes by."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

# Their tokens are compared, and each is good for every form of the session.
TOKEN = "csrfmiddlewaretoken"  # noqa: S105  a name
# Asked once, they end the session of the scanner or take away what the others need.
ENDS = ("logout", "password", "delete", "sessions", "reauthenticate", "mfa", "2fa", "members")

# What tells one row's address from that of another.
ROW = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d[\d-]*")
# Of the rows of a formset, all but the first, and the empty one that is copied.
REPEATED = re.compile(r"-([1-9]\d*|__prefix__)-")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str  # a star follows each free text in it
    values: tuple  # pairs: the query of a GET, the fields of a POST

    @property
    def key(self):
        """Requests with the same one differ in values only."""
        names = tuple(sorted({name for name, _ in self.values} - {TOKEN}))
        return self.method, ROW.sub("#", self.path), names

    @property
    def has_parameters(self):
        return "*" in self.path or any(name != TOKEN for name, _ in self.values)

    @property
    def ends_something(self):
        return self.method == "POST" and any(word in self.path for word in ENDS)


class _Page(HTMLParser):
    """The links with a query and the forms of a page."""

    def __init__(self, at):
        super().__init__()
        self.at, self.links, self.forms = at, [], []
        self._form, self._select = None, ""

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        if tag == "a" and "?" in given.get("href", ""):
            self.links.append(urljoin(self.at, given["href"]))
        elif tag == "form":
            action = urljoin(self.at, given.get("action") or self.at)
            self._form = (given.get("method", "get").upper(), action, [])
            self.forms.append(self._form)
        elif self._form and given.get("name"):
            self._field(tag, given)
        elif self._form and tag == "option" and self._select and given.get("value"):
            self._form[2].append((self._select, given["value"]))
            self._select = ""

    def _field(self, tag, given):
        self._select = given["name"] if tag == "select" else ""
        if tag in {"input", "textarea", "button"} and given.get("type") != "file":
            self._form[2].append((given["name"], given.get("value") or "1"))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None


def everything(portal, email, cookies, below):
    """Each Asked once, by what it has parameters for: queries, forms, then mere addresses.

    `below(path)` says whether an address is wanted.
    """
    found = {}
    for path in filter(below, portal.ask("addresses", email)):
        plain = path.replace("*", "")
        for one in [Asked("GET", path, ()), *_on(plain, path, portal.get(plain, cookies)[1])]:
            if one.has_parameters:
                found.setdefault(one.key, one)
    return sorted(found.values(), key=lambda one: (not one.key[2], one.method, one.path))


def _on(at, marked, html):
    page = _Page(at)
    page.feed(html)
    for link in page.links:
        parts = urlsplit(link)
        if not (parts.scheme or parts.netloc):
            yield Asked("GET", _marked(parts.path, at, marked), tuple(parse_qsl(parts.query)))
    for method, action, fields in page.forms:
        parts = urlsplit(action)
        if not (parts.scheme or parts.netloc):
            fields = [(name, value) for name, value in fields if not REPEATED.search(name)]
            yield Asked(method, _marked(parts.path, at, marked), tuple(fields))


def _marked(path, at, marked):
    return marked if path == at else path


def as_text(one, host, headers):
    """A request as it goes over the line, in the way in which sqlmap reads it from a log."""
    values = urlencode(one.values)
    target = f"{one.path}?{values}" if one.method == "GET" and values else one.path
    lines = [f"{one.method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    body = values if one.method == "POST" else ""
    if body:
        lines.append("Content-Type: application/x-www-form-urlencoded")
    rule = "=" * 54
    return f"{rule}\n00:00:00  http://{host}  [127.0.0.1]\n{rule}\n" + "\n".join(
        [*lines, "", body, rule, "", "", ""]
    )
