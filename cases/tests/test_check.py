"""A form whose files are still on their way is looked over first, and not sent."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Access
from cases.models import Case, Prescription

NEW = "/cases/new/"
CHECK = {"check": "1"}


@pytest.fixture
def typed(practice):
    return {
        "patient_name": "Ann Lee",
        "dentist": practice.dentists.first().pk,
        "teeth": ["14"],
        "description": "One guide.",
        "signed_name": "Ada Weiss",
    }


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("patient_name", " ", "Please type the patient’s name."),
        ("dentist", "", "Please choose the prescribing dentist."),
        ("teeth", [], "Please choose at least one tooth."),
        ("teeth", ["14", "99"], "is not a tooth"),
        ("description", "\n", "Please describe the work."),
        ("description", "x" * 10_001, "Please shorten it to 10,000"),
        ("implant_14", "x" * 121, "is longer than 120 characters"),
        ("surgery_date", "2020-02-02", "The surgery date is in the past."),
        ("surgery_date", "soon", "Please type the date like 2026-12-31."),
        ("signed_name", "", "Please type your full name to sign the prescription."),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_wrong_is_said_as_at_submit(dentist_client, typed, field, value, words):
    checked = dentist_client.post(NEW, {**typed, field: value, **CHECK})
    sent = dentist_client.post(NEW, {**typed, field: value})
    for answer in checked, sent:
        assert answer.status_code == 422
        page = answer.text.replace("&#x27;", "’")
        summary = page[page.index('id="errors"') :]
        assert words in summary[: summary.index("<form")]
    assert not Case.objects.exists()


def test_a_form_that_is_in_order_is_not_sent_yet(dentist_client, typed):
    tomorrow = timezone.now() + timedelta(days=30)
    before = Access.objects.count()
    answer = dentist_client.post(NEW, {**typed, "surgery_date": f"{tomorrow:%Y-%m-%d}", **CHECK})
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Case.objects.exists()
    # Nothing was given out, and nothing was changed.
    assert Access.objects.count() == before


def test_what_contradicts_itself_is_asked_about_before_the_files_are_in(dentist_client, typed):
    odd = {**typed, "description": "A guide for #19, please.", **CHECK}
    asking = dentist_client.post(NEW, odd)
    assert asking.status_code == 422
    assert "Send anyway" in asking.text
    answered = dentist_client.post(NEW, {**odd, "asked": asking.context["asked"]})
    assert answered.status_code == 204
    assert not Case.objects.exists()


def test_an_update_is_looked_over_too(dentist_client, case):
    url = reverse("cases:update", args=[case.number])
    answer = dentist_client.post(url, {"description": "Words", **CHECK})
    assert answer.status_code == 422
    assert "Please choose at least one tooth." in answer.text
    answer = dentist_client.post(url, {"description": "Words", "teeth": ["3"], **CHECK})
    assert answer.status_code == 204
    case.refresh_from_db()
    assert (case.teeth, Prescription.objects.count()) == (["14"], 0)


def test_somebody_elses_case_is_not_looked_into(client, other_practice_user, case):
    client.force_login(other_practice_user)
    url = reverse("cases:update", args=[case.number])
    assert client.post(url, {"description": "Words", "teeth": ["3"], **CHECK}).status_code == 404
