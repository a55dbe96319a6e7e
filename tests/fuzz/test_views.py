"""Any method at any address with any query, body and header, by anybody.

As the tests' client sends it, whose bodies are in order, and as a server hands it over.

Counted: a hundred requests over all views together, in `make proof` 10,000.
"""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.answers import check
from tests.corpus.limits import modest
from tests.corpus.pages import undone
from tests.corpus.raw import as_browser, ask, faults
from tests.corpus.test_headers import in_wsgi
from tests.corpus.world import AT_SECOND_STEP, ROLES
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import BODIES, BYTES, HEADERS, LOOKUPS, METHODS, PARTS, QUERIES
from tests.urls import PATTERNS

# Of the broker's absence these would tell, which is no matter of what was asked.
ELSEWHERE = {"portal:readyz", "admin:status"}
ANYBODY = [*ROLES, "office", *AT_SECOND_STEP]


@pytest.mark.django_db
@pytest.mark.proof(part=True)
@pytest.mark.ignore_template_errors
@pytest.mark.usefixtures("on_disk")
def test_no_view_fails_whatever_it_is_asked(world):
    patterns = [one for one in PATTERNS if one.name not in ELSEWHERE]
    clients = {role: world.client(role) for role in ANYBODY}

    @examples()
    @given(st.data())
    def holds(data):
        pattern = data.draw(st.sampled_from(patterns), "pattern")
        client = clients[data.draw(st.sampled_from(ANYBODY), "role")]
        odd = {
            name: quote(data.draw(PARTS, name), safe="/")
            for name in pattern.parameters
            if data.draw(st.booleans(), f"is {name} odd")
        }
        method, address = data.draw(METHODS, "method"), world.address(pattern, **odd)
        query, header = data.draw(QUERIES, "query"), data.draw(HEADERS, "header")
        told = {"QUERY_STRING": query, **(in_wsgi(*header) if header else {})}
        body = {name: text for name, text in data.draw(BODIES, "body").items()}
        with modest((method, address, query)), undone(client):
            if method == "POST":
                # The client's own; one that lies about its length it does not send.
                told = {name: told[name] for name in told if not name.startswith("CONTENT_")}
                answer = client.post(address, body, **told)
            else:
                answer = client.generic(method, address, **told)
            if answer.streaming:
                answer.getvalue()
        check(answer, (method, address, query, header, body))

    holds()


# What there is not, what only looks like a file of ours, and where files arrive.
ADDRESSES = [
    "/nowhere/", "/static/x", "/robots.txt", "/admin/nowhere/", "/cases/nowhere/message/",
    "/files/nowhere/", "/files/", "/accounts/login/", "/cases/new/", "/account/",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.proof(part=True)
@pytest.mark.ignore_template_errors
def test_nothing_that_a_server_hands_over_is_a_fault(world):
    patterns = [one for one in PATTERNS if one.name not in ELSEWHERE]
    addresses = [*ADDRESSES, *(world.address(pattern) for pattern in patterns)]
    lists = [world.address(one) for one in PATTERNS if one.name.endswith("_changelist")]
    clients = {role: world.client(role) for role in ANYBODY}

    @examples()
    @given(st.data())
    def holds(data):
        client = clients[data.draw(st.sampled_from(ANYBODY), "role")]
        told = as_browser(client, data.draw(st.booleans(), "sends token"))
        if data.draw(st.booleans(), "asks a list"):
            address, query = data.draw(st.sampled_from(lists), "list"), data.draw(LOOKUPS, "query")
            sent = ("GET", f"{address}?{query}")
        else:
            address = data.draw(st.sampled_from(addresses) | PARTS.map(_as_address), "address")
            sent = ("POST", address, *data.draw(BYTES, "body"))
        with undone(client), faults() as seen:
            check(ask(*sent, **told), sent)
        assert not seen, sent

    holds()


def _as_address(text):
    return f"/{quote(text, errors='replace')}"
