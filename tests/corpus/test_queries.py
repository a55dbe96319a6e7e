"""300 query strings on every page that reads one, and on the sign-in with all its `next`."""

import os

import pytest
from django.apps import apps
from django.contrib import admin

from tests.corpus import queries
from tests.corpus.answers import check
from tests.corpus.limits import within
from tests.corpus.pages import undone
from tests.corpus.world import PASSWORD, PATTERNS

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]
SECONDS = 10
LISTS = [pattern for pattern in PATTERNS if pattern.name.endswith("_changelist")]
EACH = 1 if os.environ.get("CORPUS") == "all" else 6
OWN = ["cases:list", "cases:new", "cases:uploads", "account_login", "admin:autocomplete"]
PAGES = [*(pattern for pattern in PATTERNS if pattern.name in OWN), *LISTS]


def ask(client, page, query):
    # As it stands in an address: the client's own `data` would encode it anew.
    return client.get(page, QUERY_STRING=query)


@pytest.mark.once  # PostgreSQL ends the transaction of the test with the first refusal
@pytest.mark.parametrize("pattern", PAGES, ids=str)
def test_any_query_gets_an_answer(world, pattern):
    client = world.client("lab" if pattern.name.startswith("admin:") else "member")
    page = world.address(pattern)
    # The lists of the admin work alike, and share the queries that they look at.
    asked = (
        queries.queries()
        if pattern.name in OWN
        else queries.for_admin()[LISTS.index(pattern) :: EACH]
    )
    for query in asked:
        with within(SECONDS, (page, query)):
            check(ask(client, page, query), (page, query))


def test_signing_in_leads_to_no_other_site(world):
    typed = {"login": world.people["member"].email, "password": PASSWORD}
    for query in queries.to_elsewhere():
        client = world.client("stranger")
        with undone(client):
            answer = client.post(f"/accounts/login/?{query}", typed)
            assert answer.status_code == 302, query
            check(answer, query)
            # Whoever is signed in already is led on at once.
            check(ask(client, "/accounts/login/", query), query)


def test_archiving_leads_to_no_other_site(world):
    client = world.client("member")
    for place in queries.ELSEWHERE:
        answer = client.post(f"/cases/{world.given['number']}/archive/", {"next": place})
        assert answer.status_code == 302
        check(answer, place)


@pytest.mark.parametrize(
    "query",
    [
        "created_at__year=9999",
        "created_at__gte=9999-12-31+23:59:59-14:00",
        "practice__id__exact=9223372036854775808",
        "progress__in=99999999999999999999",
        "created_at__day=99999999999999999999",
        "id__regex=(",
        f"q={'a+' * 1100}",
        "id__iregex=.",
    ],
)
def test_what_no_database_takes_is_refused_with_a_sentence(world, query):
    answer = ask(world.client("lab"), "/admin/cases/case/", query)
    # What the list finds out by itself is left out, or leads back to where it shows all.
    assert answer.status_code in (200, 302, 400)
    if answer.status_code == 400:
        assert "The request could not be read" in answer.text


@pytest.mark.parametrize("pattern", LISTS, ids=str)
def test_a_forged_choice_of_rows_is_refused(world, pattern):
    client, page = world.client("lab"), world.address(pattern)
    actions = admin.site.get_model_admin(apps.get_model(pattern.model)).actions
    for action in ["delete_selected", *actions]:
        name = getattr(action, "__name__", action)
        for chosen in ("x", "99999999999999999999", "\0", "1 OR 1=1"):
            data = {"action": name, "_selected_action": chosen, "index": "0", "post": "yes"}
            with undone(client):
                answer = client.post(page, data)
            check(answer, (page, name, chosen))


@pytest.mark.parametrize("query", ["q=%0%000", "q=%0%0%0000", "q=a%00b", "q=\0"])
def test_no_nul_comes_through_however_it_is_written(world, query):
    client = world.client("member")
    assert "\0" not in ask(client, "/cases/", query).wsgi_request.GET["q"]
