"""Lists of the admin are searched, filtered and ordered by what they show to whoever asks."""

import re
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, get_fields_from_path
from django.urls import reverse

from accounts.groups import EMERGENCY, LAB, OFFICE, PLANNER
from portal.admin_site import ShownOnlyAdmin
from portal.writing.fields import FoldedField
from tests.corpus.conftest import world

__all__ = ["world"]
pytestmark = pytest.mark.django_db

SUPERUSER = "superuser"
EVERYBODY = [LAB, PLANNER, OFFICE, EMERGENCY, SUPERUSER]
LISTS = list(admin.site._registry.values())
LOOKUPS = ["", "exact", "contains", "startswith", "regex", "in", "gt", "lt", "range", "isnull", "x"]
# What is told by a column that is no field: of another row, or worked out.
TELLS = {
    "practice": {"practice__name", "case__practice__name"},
    "case": {"case__number"},
    "of_case": {"case__number"},
    "user": {"user__name"},
    "time": {"starts_at", "block__starts_at"},
    "planner": {"block__planner", "block__planner__user__name"},
    "badge": {"progress"},
    "ships": {"ship_date"},
    "last_word": {"answer", "last_message_at"},
    "archived_at": {"archived"},
    "dentist_names": {"dentists"},
    "taken_by": {"free"},
    "readable_size": {"size"},
}


@pytest.fixture
def asked_by(rf, make_staff, lab_user):
    """A function that gives a request of somebody of a group."""

    def ask(group):
        request = rf.get("/")
        request.user = lab_user if group == SUPERUSER else make_staff(group)
        return request

    return ask


def shown(listed, request):
    """The fields that a list and the page of one of its rows show to who asks, by their paths."""
    fieldsets = listed.get_fieldsets(request, listed.model())
    names = {*listed.get_list_display(request), *flatten_fieldsets(fieldsets)}
    # Superusers see everybody's address, on another page.
    names |= {"user__email"} if request.user.is_superuser else set()
    return names.union(*(TELLS.get(name, set()) for name in names))


def unfolded(model, path):
    """The path of the field whose text a FoldedField holds; of any other, its own."""
    field = get_fields_from_path(model, path)[-1] if path.endswith("_key") else None
    if not isinstance(field, FoldedField):
        return path
    return path.removesuffix(field.name) + field.of


def paths(model, relations=2):
    """What Django can look up in a model, over so many relations."""
    for field in model._meta.get_fields():
        yield field.name
        if field.related_model and relations:
            for path in paths(field.related_model, relations - 1):
                yield f"{field.name}__{path}"


@pytest.mark.parametrize("group", EVERYBODY)
@pytest.mark.parametrize("listed", LISTS, ids=str)
def test_no_list_is_asked_for_what_it_does_not_show(asked_by, listed, group):
    request = asked_by(group)
    assert isinstance(listed, ShownOnlyAdmin)
    seen = shown(listed, request)
    for path in paths(listed.model):
        for lookup in LOOKUPS:
            if listed.lookup_allowed("__".join(filter(None, [path, lookup])), "x", request):
                assert path.removesuffix("__id") in seen


@pytest.mark.parametrize("group", EVERYBODY)
@pytest.mark.parametrize("listed", LISTS, ids=str)
def test_no_list_is_searched_or_ordered_by_what_it_does_not_show(asked_by, listed, group):
    request = asked_by(group)
    columns = [getattr(listed, str(name), None) for name in listed.get_list_display(request)]
    orders = {getattr(column, "admin_order_field", None) for column in columns}
    asked = {*listed.get_search_fields(request), *filter(lambda one: isinstance(one, str), orders)}
    asked |= {listed.date_hierarchy} if listed.date_hierarchy else set()
    asked |= {*getattr(listed, "search_keys", [])}
    assert {unfolded(listed.model, path) for path in asked} <= shown(listed, request)


@pytest.mark.parametrize(
    ("group", "name", "lookup"),
    [
        (OFFICE, "accounts_access", "note__contains"),
        (OFFICE, "accounts_practice", "cases__patient_name__startswith"),
        (LAB, "portal_email", "text__contains"),
        (PLANNER, "scheduling_block", "sessions__case__patient_name__startswith"),
        (EMERGENCY, "cases_case", "messages__body__contains"),
    ],
)
def test_who_asks_for_it_gets_no_list(client, make_staff, group, name, lookup):
    client.force_login(make_staff(group))
    answer = client.get(reverse(f"admin:{name}_changelist"), {lookup: "hidden"})
    assert answer.status_code == 400
    assert "The request could not be read" in answer.text


def links_of(page):
    return {unescape(link) for link in re.findall(r'href="(\?[^"]+)"', page)}


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize("role", ["lab", "office"])
def test_every_link_that_a_list_offers_leads_on(world, role):
    client = world.client(role)
    for listed in LISTS:
        address = reverse(f"admin:{listed.opts.app_label}_{listed.opts.model_name}_changelist")
        answer = client.get(address)
        assert answer.status_code in (200, 403)
        for link in links_of(answer.text):
            assert client.get(address + link).status_code == 200, link
