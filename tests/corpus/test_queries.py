"""Query strings on every page that reads one, and on the sign-in with all its `next`."""

import os

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection

from tests.corpus import queries, raw
from tests.corpus.answers import check
from tests.corpus.limits import modest
from tests.corpus.pages import undone
from tests.matrix.world import PASSWORD
from tests.urls import PATTERNS

pytestmark = [pytest.mark.django_db, pytest.mark.ignore_template_errors]
LISTS = [pattern for pattern in PATTERNS if pattern.name.endswith("_changelist")]
EACH = 1 if "PROOF" in os.environ else 10
OWN = ["cases:list", "cases:new", "cases:uploads", "account_login", "admin:autocomplete"]
PAGES = [*(pattern for pattern in PATTERNS if pattern.name in OWN), *LISTS]


def ask(client, page, query):
    # As it stands in an address: the client's own `data` would encode it anew.
    return client.get(page, QUERY_STRING=query)


@pytest.mark.proof(part=True)
def test_any_query_gets_an_answer(world):
    clients = world.client("member"), world.client("lab")
    for place, pattern in enumerate(PAGES):
        client = clients[pattern.name.startswith("admin:")]
        page = world.address(pattern)
        asked = queries.queries() if pattern.name in OWN else queries.FOR_ADMIN
        for query in asked[place % EACH :: EACH]:
            with modest((page, query)), undone(client):
                answer = ask(client, page, query)
            check(answer, (page, query))


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
        answer = client.post(f"/cases/{world.own.ready.number}/archive/", {"next": place})
        assert answer.status_code == 302
        check(answer, place)


# What no filter offers, or offers with other values; what is no key, no year and no moment.
NOT_OFFERED = [
    ("/admin/cases/case/", "teeth__contains=1"),
    ("/admin/cases/case/", "implants__14__contained_by=1"),
    ("/admin/cases/prescription/", "snapshot__a__b=1"),
    ("/admin/cases/case/", "id__range=1"),
    ("/admin/cases/case/", "pk__in=x"),
    ("/admin/cases/case/", "created_at__isnull__x=1"),
    ("/admin/cases/case/", "progress__exact=x&e=1"),
    ("/admin/cases/case/", "_to_field=password"),
    ("/admin/cases/case/", "practice__members__groups__permissions__codename=x"),
    ("/admin/cases/case/", "__".join(["practice__cases"] * 90) + "=1"),
    ("/admin/cases/case/", f"q={'a+' * 1100}"),
    ("/admin/cases/case/", "created_at__gte=9999-12-31"),
    ("/admin/cases/case/{case}/change/", "_popup=1&_to_field="),
    ("/admin/accounts/access/", "at__year=9999&at__month=12&at__day=31"),
    ("/admin/accounts/access/", "at__year=x&e=1"),
    ("/admin/accounts/user/", "groups__id__exact=x&e=1"),
    ("/admin/scheduling/planningsession/", "block__starts_at__gte=9999-12-31+23:59:59-23:59"),
]


def test_what_no_database_takes_is_refused_with_a_sentence(world):
    client = world.client("lab")
    for page, query in NOT_OFFERED:
        with raw.faults() as seen, undone(client):
            answer = ask(client, page.format(case=world.own.ready.pk), query)
        assert answer.status_code == 400, (page, query)
        assert "The request could not be read" in answer.text
        assert not seen


def test_a_time_before_the_first_one_is_refused_where_the_database_takes_none(world):
    with raw.faults() as seen:
        query = "created_at__lt=0001-01-01+00:00:00%2B14:00"
        answer = ask(world.client("lab"), "/admin/cases/case/", query)
    assert answer.status_code == (200 if connection.vendor == "postgresql" else 400)
    assert not seen


def test_a_forged_choice_of_rows_is_refused(world):
    client = world.client("lab")
    for pattern in LISTS:
        page = world.address(pattern)
        actions = admin.site.get_model_admin(apps.get_model(pattern.model)).actions
        for action in ["delete_selected", *actions]:
            name = getattr(action, "__name__", action)
            for chosen in ("99999999999999999999", "\0", "1 OR 1=1"):
                data = {"action": name, "_selected_action": chosen, "index": "0", "post": "yes"}
                with undone(client):
                    answer = client.post(page, data)
                check(answer, (page, name, chosen))


def test_no_nul_comes_through_however_it_is_written(dentist_client):
    for query in ("q=%0%000", "q=%0%0%0000", "q=a%00b", "q=\0"):
        assert "\0" not in ask(dentist_client, "/cases/", query).wsgi_request.GET["q"]
