"""Every field of ours that names a row is tried with one of others, see `foreign_keys.py`."""

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory

from accounts.models import User
from tests.matrix.cells import all_cells

ROWS = {row.name for row in all_cells()}
MOVE = "scheduling/planningsession/<int:pk>/move/"
# Each field with the row of the matrix that sends one of others there.
FORM_FIELDS = {
    "CaseForm.dentist": "cases:new with a dentist of others",
    "CorrectionForm.dentist": "admin:cases/case/<int:pk>/correct/ with a dentist of others",
    "BookingForm.block": "scheduling:schedule of a block that others have",
    "BlockForm.planner": "admin:scheduling/block/add/ for another planner",
    "NewPlannerForm.user": "admin:scheduling/planner/add/ for somebody who may not plan",
    "DescribeForm.replaces": "cases:describe_file by a file of others",
    "MoveSessionForm.block": f"admin:{MOVE} to a block of another planner",
}
HIDDEN = {
    "form_key": "cases:new with a form of others",
    "form_token": "cases:new with a forged token",
    "case": "cases:keep_draft of an update",
    "seen": "cases:send_update that was not seen",
    "next": "cases:archive and then https://evil.example/",
}
METADATA = {
    "form": "cases:uploads",
    "case": "cases:uploads for a case",
    "answers": "cases:uploads for what is missing",
    "key": "cases:uploads announced again",
}
ADMIN_FIELDS = {
    "block.planner": "admin:scheduling/block/add/ for another planner",
    "planner.user": "admin:scheduling/planner/add/ for somebody who may not plan",
    "user.groups": "admin:accounts/user/<path:object_id>/change/ with rights",
}
# Hidden fields that name no row, or only what is compared with a row that was fetched otherwise.
PLAIN = {
    "filename", "sort", "archived", "credential", "action", "confirmed", "foreseen", "materials",
    "asked", "sessions_stay", "anyway", "revision", "doubted", "folder", "files",
}  # fmt: skip
# In admin, fields of people who may choose among all rows there.
CHOOSE_AMONG_ALL = {
    "dentist.practice": "the office sees all practices",
    "invitation.practice": "the office sees all practices",
    "user.practice": "the office sees all practices",
    "user.user_permissions": "superusers only",
    "group.permissions": "superusers only",
}


def test_every_row_that_is_named_here_is_there():
    named = {*FORM_FIELDS.values(), *HIDDEN.values(), *METADATA.values(), *ADMIN_FIELDS.values()}
    assert named - ROWS == set()


def all_forms(parent=forms.BaseForm):
    for form in parent.__subclasses__():
        yield form
        yield from all_forms(form)


def test_every_choice_of_a_row_in_a_form_is_tried_with_one_of_others():
    ours = ("portal.", "accounts.", "cases.", "scheduling.")
    fields = {
        f"{form.__name__}.{name}"
        for form in all_forms()
        if form.__module__.startswith(ours) and not form.__module__.endswith(".admin")
        for name, field in form.base_fields.items()
        if isinstance(field, forms.ModelChoiceField)
    }
    # It gets its field when it is made, as the choices depend on the session.
    assert fields | {"MoveSessionForm.block"} == set(FORM_FIELDS)


def test_every_hidden_key_in_a_page_is_tried_with_one_of_others():
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")
    hidden = re.compile(r'type="hidden" name="([^"{]+)"')
    names = {name for page in pages for name in hidden.findall(page.read_text())}
    assert names - PLAIN == set(HIDDEN)


def test_every_key_that_comes_with_an_upload_is_tried_with_one_of_others():
    source = Path(settings.BASE_DIR, "cases/files/uploads.py").read_text()
    names = set(re.findall(r'metadata(?:\.get\(|\[)"(\w+)"', source))
    assert names - PLAIN == set(METADATA)


@pytest.mark.django_db
def test_every_choice_of_a_row_in_admin_is_tried_with_one_of_others():
    request = RequestFactory().get("/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    fields = {
        f"{model._meta.model_name}.{name}"
        for model, page in admin.site._registry.items()
        if page.has_add_permission(request) or page.has_change_permission(request, model())
        for name, field in page.get_form(request).base_fields.items()
        if isinstance(field, forms.ModelChoiceField)
    }
    assert fields - set(CHOOSE_AMONG_ALL) == set(ADMIN_FIELDS)
