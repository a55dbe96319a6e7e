"""A request as a server hands it over: the tests' client would put it in order first."""

import sys
from contextlib import contextmanager
from io import BytesIO
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.signals import got_request_exception, request_started
from django.db import close_old_connections
from django.test import RequestFactory

from portal.wsgi import application
from tests.corpus.limits import modest

TOKEN = "t" * 32  # of a form; a browser may keep any


def ask(method, address, kind="", body=b"", announced=None, **told):
    """The answer to these bytes, of which the head says that there are `announced`."""
    environ = RequestFactory().generic(method, address).environ | {
        # A server gives bytes as Latin-1.
        "PATH_INFO": unquote_to_bytes(address.partition("?")[0]).decode("latin-1"),
        "CONTENT_TYPE": kind.encode().decode("latin-1"),
        "CONTENT_LENGTH": str(len(body) if announced is None else announced),
        "wsgi.input": BytesIO(body),
        **told,
    }
    request_started.disconnect(close_old_connections)  # with which the test's rows would go
    try:
        with modest((method, address, body[:90])):
            return application(environ, lambda status, headers: None)
    finally:
        request_started.connect(close_old_connections)


def as_browser(client, sends_token=False):
    """What the browser of a client sends with each request; in a head the token of its forms."""
    cookies = {name: cookie.value for name, cookie in client.cookies.items()}
    cookies[settings.CSRF_COOKIE_NAME] = TOKEN
    told = {"HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    return told | ({"HTTP_X_CSRFTOKEN": TOKEN} if sends_token else {})


@contextmanager
def faults():
    """A list of what counts as a fault of ours meanwhile, and is told to the logs as one."""
    seen = []

    def note(sender, **_):
        seen.append(sys.exc_info()[1])

    got_request_exception.connect(note)
    try:
        yield seen
    finally:
        got_request_exception.disconnect(note)
