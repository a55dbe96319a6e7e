"""Any method at any address with any query, body and header, by anybody.

Counted: a thousand requests over all views together (FUZZ=ci), or 10,000 (FUZZ=long).
"""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.answers import check
from tests.corpus.limits import within
from tests.corpus.pages import undone
from tests.corpus.test_headers import in_wsgi
from tests.corpus.world import AT_SECOND_STEP, PATTERNS, ROLES
from tests.fuzz.profiles import examples
from tests.fuzz.strategies import BODIES, HEADERS, METHODS, PARTS, QUERIES

# Of the broker's absence these would tell, which is no matter of what was asked.
ELSEWHERE = {"portal:readyz", "admin:status"}
ANYBODY = [*ROLES, "office", *AT_SECOND_STEP]
SHARES = 4
SECONDS = 10


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.ignore_template_errors
@pytest.mark.parametrize("share", range(SHARES))
def test_no_view_fails_whatever_it_is_asked(world, share):
    patterns = [one for one in PATTERNS if one.name not in ELSEWHERE][share::SHARES]
    clients = {role: world.client(role) for role in ANYBODY}

    @examples(SHARES)
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
        with within(SECONDS, (method, address, query)), undone(client):
            if method == "POST":
                told.pop("CONTENT_TYPE", None)
                answer = client.post(address, body, **told)
            else:
                answer = client.generic(method, address, **told)
            if answer.streaming:
                answer.getvalue()
        check(answer, (method, address, query, header, body))

    holds()
