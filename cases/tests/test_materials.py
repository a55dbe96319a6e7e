"""Materials: a list of the lab's, shown before it is signed, kept with the case and its RX."""

import re
import uuid
from datetime import date
from importlib import import_module

import pytest
from django.urls import reverse

from accounts.groups import LAB, OFFICE, PLANNER
from cases.models import Case, Material
from cases.rx.document import prescription_pdf
from cases.services import expected_ship_date

NEW = "/cases/new/"
RESIN = "Biocompatible surgical guide resin, class I (ISO 10993)"
TITANIUM = "Titanium, milled (ASTM F136)"
LIST = reverse("admin:cases_material_changelist")


@pytest.fixture
def typed(practice):
    return {
        "form_key": str(uuid.uuid4()),
        "patient_name": "Jane Roe",
        "dentist": str(practice.dentists.first().pk),
        "teeth": ["14"],
        "description": "Guide for one implant.",
        "signed_name": "Ada Weiss",
    }


@pytest.fixture
def titanium(db):
    return Material.objects.create(name=TITANIUM, order=2)


def options(html):
    select = html.partition('<select name="materials"')[2].partition("</select>")[0]
    return re.findall(r'<option value="([^"]+)"', select)


def test_what_was_printed_until_now_is_the_default_of_the_list():
    module = import_module("cases.migrations.0013_materials")
    assert module.UNTIL_NOW == RESIN


def test_the_one_material_is_shown_before_it_is_signed_and_goes_with_the_form(
    dentist_client, typed
):
    html = dentist_client.get(NEW).text
    assert html.index(RESIN) < html.index('name="signed_name"')
    assert f'<input type="hidden" name="materials" value="{RESIN}">' in html
    assert options(html) == []
    dentist_client.post(NEW, {**typed, "materials": RESIN})
    case = Case.objects.get()
    assert case.materials == RESIN
    assert case.prescriptions.get().snapshot["materials"] == RESIN


def test_who_posts_none_gets_the_default(dentist_client, typed, titanium):
    dentist_client.post(NEW, typed)
    assert Case.objects.get().materials == RESIN


def test_of_several_the_dentist_chooses_and_reads_it_everywhere(
    dentist_client, lab_user, typed, titanium
):
    assert options(dentist_client.get(NEW).text) == [RESIN, TITANIUM]
    answer = dentist_client.post(NEW, {**typed, "materials": TITANIUM}, follow=True)
    case = Case.objects.get()
    assert case.prescriptions.get().snapshot["materials"] == TITANIUM
    assert TITANIUM in answer.text
    assert TITANIUM in dentist_client.get(case.get_absolute_url()).text
    dentist_client.force_login(lab_user)
    assert TITANIUM in dentist_client.get(f"/admin/cases/case/{case.pk}/change/").text


def test_what_is_no_longer_offered_is_asked_for_again_and_nothing_is_lost(
    dentist_client, typed, titanium
):
    Material.objects.filter(pk=titanium.pk).update(is_active=False)
    answer = dentist_client.post(NEW, {**typed, "materials": TITANIUM})
    assert answer.status_code == 422
    assert f"“{TITANIUM}” is no longer offered" in answer.text
    assert "Guide for one implant." in answer.text
    assert f'name="materials" value="{RESIN}"' in answer.text
    assert not Case.objects.exists()


def test_an_update_keeps_the_material_of_its_case(dentist_client, send_case, titanium):
    case = send_case(materials=TITANIUM)
    Material.objects.filter(pk=titanium.pk).update(is_active=False)
    assert options(dentist_client.get(case.get_absolute_url()).text) == [RESIN, TITANIUM]
    look = dentist_client.post(
        reverse("cases:update", args=[case.number]),
        {"teeth": ["14"], "description": "More.", "materials": TITANIUM},
    )
    assert TITANIUM in look.text
    signed = {"signed_name": "Ada Weiss", "seen": look.context["seen"]}
    dentist_client.post(reverse("cases:send_update", args=[case.number]), signed)
    case.refresh_from_db()
    assert case.materials == TITANIUM
    assert case.prescriptions.first().snapshot["materials"] == TITANIUM


def test_old_rx_scripts_stay_as_they_are(dentist_client, send_case, titanium):
    case = send_case()
    Material.objects.filter(name=RESIN).update(name="Renamed resin")
    look = dentist_client.post(
        reverse("cases:update", args=[case.number]),
        {"teeth": ["14"], "description": "More.", "materials": TITANIUM},
    )
    signed = {"signed_name": "Ada Weiss", "seen": look.context["seen"]}
    dentist_client.post(reverse("cases:send_update", args=[case.number]), signed)
    printed = {row.revision: row.snapshot["materials"] for row in case.prescriptions.all()}
    assert printed == {1: RESIN, 2: TITANIUM}
    assert prescription_pdf(case.prescriptions.get(revision=1).snapshot)


def test_all_that_the_rx_prints_is_shown_before_a_new_case_is_signed(dentist_client, now):
    html = dentist_client.get(NEW).text
    day = dentist_client.get(NEW).context["ship_date"]
    assert day >= expected_ship_date(now)
    assert f"{day:%a, %b} {day.day}, {day.year}" in html


def test_all_that_the_rx_prints_is_shown_before_an_update_is_signed(dentist_client, send_case):
    case = send_case(
        surgery_date=date(2031, 5, 6), shipping_address="9 Elm Street", bone_reduction=True
    )
    typed = {"teeth": ["3"], "implant_3": "Astra EV", "description": "More.", "guidance": "full"}
    html = dentist_client.post(reverse("cases:update", args=[case.number]), typed).text
    for printed in (
        "Jane Roe", "Dr. Ada Weiss", "D-4711", "Fully guided", "Astra EV", RESIN, "May 6, 2031",
        "9 Elm Street", "More.",
    ):  # fmt: skip
        assert printed in html
    assert "Bone reduction guide" not in html.partition("What will be sent")[2]


# The list in admin


def save(client, material, **fields):
    url = reverse("admin:cases_material_change", args=[material.pk])
    typed = {"name": material.name, "order": material.order, **fields}
    return client.post(url, typed)


def rows():
    return {row.name: (row.is_default, row.is_active) for row in Material.objects.all()}


@pytest.mark.parametrize("group", [LAB, OFFICE])
def test_lab_and_office_keep_the_list(client, make_staff, group):
    client.force_login(make_staff(group))
    answer = client.post(f"{LIST}add/", {"name": f" {TITANIUM} ", "order": 2, "is_active": "on"})
    assert answer.status_code == 302
    assert rows() == {RESIN: (True, True), TITANIUM: (False, True)}
    assert TITANIUM in client.get(LIST).text


def test_planners_do_not(client, make_staff):
    client.force_login(make_staff(PLANNER))
    assert client.get(LIST).status_code == 403


@pytest.fixture
def office(client, make_staff):
    client.force_login(make_staff(OFFICE))
    return client


def test_a_new_default_takes_the_place_of_the_old_one(office, titanium):
    assert save(office, titanium, is_default="on", is_active="on").status_code == 302
    assert rows() == {RESIN: (False, True), TITANIUM: (True, True)}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"is_active": "on"}, "There must be a default"),
        ({"is_default": "on"}, "The default is what dentists are offered"),
        ({"is_default": "on", "is_active": "on", "name": " "}, "This field is required."),
        ({"is_default": "on", "is_active": "on", "name": TITANIUM}, "already exists"),
    ],
)
def test_the_list_always_has_a_default(office, titanium, fields, sentence):
    answer = save(office, Material.objects.get(is_default=True), **fields)
    assert sentence in answer.text
    assert rows() == {RESIN: (True, True), TITANIUM: (False, True)}


def test_a_material_is_taken_off_the_list_and_not_deleted(office, titanium):
    save(office, titanium)
    assert rows()[TITANIUM] == (False, False)
    url = reverse("admin:cases_material_delete", args=[titanium.pk])
    assert office.post(url, {"post": "yes"}).status_code == 403
