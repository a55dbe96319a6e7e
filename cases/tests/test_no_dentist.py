"""New case in a practice whose dentists are all gone: what is missing is said before anything."""

import uuid

import pytest
from django.urls import reverse

from cases import drafts
from cases.models import Attachment, Case, Draft

NEW = reverse("cases:new")


@pytest.fixture
def practice(practice):
    practice.dentists.update(is_active=False)
    return practice


def test_it_says_what_is_missing_and_whom_to_write_to(dentist_client, settings):
    page = dentist_client.get(NEW)
    assert page.status_code == 200
    assert "we have no active dentist of Harbor Dental" in page.text
    assert f"mailto:{settings.LAB_EMAIL}?subject=Please%20register%20a%20dentist" in page.text
    assert "What you typed" not in page.text
    assert 'type="file"' not in page.text
    assert 'name="patient_name"' not in page.text


def test_menu_and_list_lead_there(dentist_client):
    assert dentist_client.get("/cases/").text.count(f'href="{NEW}"') == 3


def test_what_was_begun_is_kept_until_there_is_a_dentist(dentist_client, dentist_user, practice):
    key = uuid.uuid4()
    typed = {"form_key": str(key), "patient_name": "Jane Roe", "teeth": "14"}
    page = dentist_client.post(NEW, typed)
    assert page.status_code == 422
    assert "What you typed and uploaded is kept:" in page.text
    assert "Jane Roe" not in page.text
    assert "What you typed and uploaded is kept:" in dentist_client.get(NEW).text
    Attachment.objects.create(
        form_key=key, name="a.stl", size=5, practice=practice, uploaded_by=dentist_user
    )
    practice.dentists.update(is_active=True)
    back = dentist_client.get(f"{NEW}?draft={key}")
    assert 'value="Jane Roe"' in back.text
    assert "a.stl" in back.text


def test_a_form_whose_only_dentist_went_meanwhile_is_kept_with_its_session_ended(
    client, dentist_user, practice
):
    practice.dentists.update(is_active=True)
    client.force_login(dentist_user)
    page = client.get(NEW)
    practice.dentists.update(is_active=False)
    client.logout()
    typed = {"form_token": page.context["form_token"], "patient_name": "Jane Roe"}
    client.post(NEW, typed)
    assert not Case.objects.exists()
    client.force_login(dentist_user)
    client.get(drafts.place_of_new(page.context["form_key"]))
    assert Draft.objects.get().data["patient_name"] == ["Jane Roe"]
    assert "is kept:" in client.get(NEW).text


def test_cases_that_were_sent_go_on(dentist_client, case):
    assert dentist_client.get(case.get_absolute_url()).status_code == 200
