"""The work for an invitation must not tell whether its address has an account."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.models import Email


def test_an_invitation_asks_as_much_for_known_as_for_unknown_addresses(owner_client, owner):
    asked = {}
    # The first of an hour is counted in another way.
    for kind, email in [
        ("first", "first@hilltop.example"),
        ("known", owner.email),
        ("unknown", "new@hilltop.example"),
    ]:
        invited = {"email": email, "name": "", "role": "member"}
        with CaptureQueriesContext(connection) as queries:
            assert owner_client.post("/account/members/", invited).status_code == 302
        asked[kind] = [query["sql"].split()[0] for query in queries]
    assert asked["known"] == asked["unknown"]
    assert Email.objects.filter(kind="invitation_known").count() == 1
    assert Email.objects.filter(kind="invitation").count() == 2
