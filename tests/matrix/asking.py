"""Requests that leave nothing behind, and what of an answer can be compared."""

import re
from dataclasses import dataclass

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.db.models import Max
from django.test import Client, RequestFactory
from django.test.client import MULTIPART_CONTENT, ClientHandler
from django.urls import reverse
from django.utils import timezone

from accounts.models import Access
from accounts.sign_in import activity
from tests.matrix.world import PASSWORD

# Written on the way, whatever was asked: they are no answer to the question who may.
LOG, COUNTED, SESSION = {"accounts_access"}, {"portal_cache"}, {"django_session"}
BESIDES = LOG | COUNTED | SESSION | {"usersessions_usersession"}
WRITES = re.compile(r'(?:INSERT(?: OR IGNORE)? INTO|UPDATE|DELETE FROM) "?(\w+)')
# What differs from one answer to the same question to the next.
CHANGING = re.compile(
    rb'(name="(csrfmiddlewaretoken|form_token)" value|nonce|data-seconds)="[^"]*"'
    rb"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
CHANGING_HEADERS = {"X-Request-ID", "Date", "Expires", "Last-Modified", "Content-Length"}


@dataclass
class Answer:
    status: int
    headers: dict
    cookies: dict
    body: bytes
    writes: frozenset
    besides: frozenset
    # Of each new row of the access log the number of the case, "" for none, and the result.
    noted: list
    # Whether what must be true afterwards is.
    is_well: bool = True

    @property
    def outcome(self):
        """Status, with a + when a row was written."""
        return f"{self.status}{'+' if self.writes else ''}"

    @property
    def location(self):
        return self.headers.get("Location", "")

    @property
    def messages(self):
        morsel = self.cookies.get("messages")
        found = CookieStorage(None)._decode(morsel.value) if morsel else None
        return [str(message) for message in found or []]

    @property
    def text(self):
        """All that it says, in small letters."""
        parts = [self.body.decode(errors="replace"), str(self.headers), *self.messages]
        return " ".join(parts).lower()

    def seen_as(self, named):
        """Status, headers and body, but for the values that the request itself named."""
        headers = {k: v for k, v in self.headers.items() if k not in CHANGING_HEADERS}
        said = f"{headers} {sorted(self.cookies)} {self.messages}"
        return self.status, _without(said.encode(), named), _without(self.body, named)


def _without(text, named):
    text = CHANGING.sub(b"", text)
    for value in map(re.escape, named):
        # A short number only where it stands for a row.
        pattern = rf"(?:(?<=[/“])|(?<=%2F)){value}(?=[/”]|%2F)" if value.isdigit() else value
        text = re.sub(pattern.encode(), b"<named>", text)
    return text


class Asker(RequestFactory):
    """Asks as one person after the other, each time in a savepoint that is rolled back."""

    def __init__(self, people, check_csrf=False):
        super().__init__()
        self.handler = ClientHandler(enforce_csrf_checks=check_csrf)
        self.handler.load_middleware()
        self.sessions = {role: _session(role, user) for role, user in people.items()}

    def ask(self, role, method, url, data=None, type=MULTIPART_CONTENT, headers=None, after=None):
        self.cookies.clear()
        if self.sessions[role]:
            self.cookies.load(self.sessions[role])
        if type == MULTIPART_CONTENT:
            data = self._encode_data(self._encode_json(data or {}, type), type)
        if method in {"GET", "HEAD"}:
            data = b""
        written, newest = set(), Access.objects.aggregate(Max("pk"))["pk__max"]
        with transaction.atomic(), connection.execute_wrapper(noting(written)):
            response = self.generic(method, url, data or b"", type, headers=headers or {})
            answer = Answer(
                response.status_code,
                dict(response.items()),
                response.cookies,
                response.getvalue(),
                frozenset(written - BESIDES),
                frozenset(written & BESIDES),
                list(Access.objects.filter(pk__gt=newest).values_list("case_number", "result")),
                after is None or after(),
            )
            transaction.set_rollback(True)
        return answer

    def request(self, **request):
        return self.handler(self._base_environ(**request))


def _session(role, user):
    """A session of somebody as the role says, as a cookie."""
    if user is None:
        return ""
    client = Client()
    if role == "half":
        client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    else:
        client.force_login(user)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    session = SessionStore(cookie.value)
    now = timezone.now().timestamp()
    # They have typed their password a moment ago.
    session["account_authentication_methods"] = [{"method": "password", "at": now}]
    # So that no request is the one that writes down that somebody was there.
    session[activity.ACTIVE_AT] = now + 600
    if role == "expired":
        session.set_expiry(-1)
    elif role == "idle":
        session[activity.ACTIVE_AT] = now - 60 * settings.IDLE_MINUTES - 60
    elif role == "overdue":
        session[activity.SIGNED_IN_AT] = now - 3600 * settings.SIGNED_IN_HOURS - 60
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={cookie.value}"


def noting(written):
    """Adds the tables that are written to, for connection.execute_wrapper."""

    def note(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        found = WRITES.match(sql)
        # SQLite counts no rows of an insert that gives something back.
        if found and (context["cursor"].rowcount or sql.startswith("INSERT")):
            written.add(found[1])
        return result

    return note
