"""Lists of the admin are searched, filtered and ordered by what they show to whoever asks."""

import re
import uuid
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.urls import reverse

from accounts import access_log
from accounts.groups import EMERGENCY, LAB, OFFICE, PLANNER
from accounts.models import Access, Invitation, User
from portal.admin_site import ShownOnlyAdmin
from portal.models import Email
from scheduling.tests import make
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
    "planner": {"block__planner"},
    "badge": {"progress"},
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
    assert asked <= shown(listed, request)


# Who asks which list for what, of which `hidden` is true and `nothing` is not.
TELLING = [
    (OFFICE, "accounts_access", "note__contains"),
    (OFFICE, "accounts_access", "note"),
    (OFFICE, "accounts_access", "user__email__startswith"),
    (OFFICE, "accounts_access", "user__password__contains"),
    (OFFICE, "accounts_user", "password__contains"),
    (OFFICE, "accounts_user", "drafts__data__contains"),
    (OFFICE, "accounts_invitation", "token_digest__startswith"),
    (OFFICE, "accounts_practice", "cases__patient_name__startswith"),
    (OFFICE, "accounts_dentist", "cases__description__contains"),
    (LAB, "portal_email", "text__contains"),
    (LAB, "cases_prescription", "snapshot__patient_name"),
    (LAB, "cases_case", "created_by__password__contains"),
    (PLANNER, "scheduling_planningsession", "case__patient_name__startswith"),
    (PLANNER, "scheduling_planningsession", "case__description__contains"),
    (PLANNER, "scheduling_block", "sessions__case__patient_name__startswith"),
    (EMERGENCY, "cases_case", "messages__body__contains"),
]


@pytest.fixture
def secrets(case, dentist_user, practice, now):
    """Rows that hold the word "hidden" where nobody is shown it."""
    type(case).objects.update(patient_name="hidden", description="hidden")
    case.prescriptions.create(revision=1, snapshot={"patient_name": "hidden"})
    case.messages.create(author=dentist_user, body="hidden")
    dentist_user.drafts.create(data={"patient_name": ["hidden"]})
    invited = {"practice": practice, "invited_by": dentist_user, "token_digest": "hidden"}
    Invitation.objects.create(email="a@b.example", created_at=now, expires_at=now, **invited)
    Email.objects.create(
        key=uuid.uuid4().hex, kind="x", to="a@b.example", subject="x", text="hidden"
    )
    planner = make.planner()
    case.planning_sessions.create(block=make.block(planner), booked_by=dentist_user)
    User.objects.filter(pk=dentist_user.pk).update(password="hidden")
    User.objects.filter(pk=planner.user.pk).update(email="hidden@lab.example", password="hidden")
    seen = {"what": Access.What.CASE, "action": Access.Action.EMERGENCY, "note": "hidden"}
    access_log.write(user=planner.user, practice_id=None, result=Access.Result.GIVEN, **seen)


@pytest.mark.parametrize(("group", "name", "lookup"), TELLING)
def test_how_many_rows_there_are_tells_nothing(client, make_staff, secrets, group, name, lookup):
    client.force_login(make_staff(group))
    listed = reverse(f"admin:{name}_changelist")
    answers = [client.get(listed, {lookup: word}) for word in ("hidden", "nothing")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "The request could not be read" in answers[0].text


@pytest.mark.parametrize("words", ["hidden", "hidden@lab"])
def test_the_office_finds_no_reason_and_no_address_of_staff(client, make_staff, secrets, words):
    client.force_login(make_staff(OFFICE))
    for name in ("access", "user", "invitation", "practice", "dentist"):
        page = client.get(reverse(f"admin:accounts_{name}_changelist"), {"q": words}).text
        assert re.search(r"\b0 (results?|access|users?|invit|practices?|dentists?)", page)


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
