import re
import time
import uuid

import pytest
from django.http import QueryDict
from django.urls import reverse

from accounts import unsent
from accounts.models import Unsent
from cases import drafts
from cases.models import DESCRIPTION_LIMIT, Attachment, Case, Draft

NEW = "/cases/new/"


@pytest.fixture
def typed(practice, dentist_user):
    """What a form holds that can be sent."""
    key = uuid.uuid4()
    return {
        "form_key": str(key),
        "form_token": unsent.token(dentist_user, drafts.place_of_new(key)),
        "patient_name": "Nguyễn Thị Ánh",
        "dentist": str(practice.dentists.first().pk),
        "teeth": ["14", "3"],
        "implant_14": "Straumann BLX 4.0 × 10",
        "support": "tooth",
        "description": "Two implants.\nPlease keep the papilla.",
        "shipping_address": "1 Pier Road",
        "signed_name": "Ada Weiss",
    }


def keep_file(form_key, user):
    return Attachment.objects.create(
        form_key=form_key,
        practice=user.practice,
        uploaded_by=user,
        name="lower.stl",
        size=100,
        state=Attachment.State.STORED,
        work_state="done",
    )


def test_a_case_is_sent_and_confirmed_at_once(dentist_client, dentist_user, typed):
    keep_file(typed["form_key"], dentist_user)
    answer = dentist_client.post(NEW, typed, follow=True)

    case = Case.objects.get()
    assert answer.redirect_chain == [(reverse("cases:created", args=[case.number]), 302)]
    assert case.teeth == ["3", "14"]
    assert case.implants == {"14": "Straumann BLX 4.0 × 10"}
    assert case.description == "Two implants.\nPlease keep the papilla."
    page = answer.content.decode()
    for shown in (case.number, "Nguyễn Thị Ánh", "3, 14", "papilla", "lower.stl", "data:image/svg"):
        assert shown in page


def test_the_signature_is_on_the_prescription_with_name_account_and_time(
    dentist_client, dentist_user, typed
):
    dentist_client.post(NEW, typed)
    signature = Case.objects.get().prescriptions.get().snapshot["signature"]
    assert signature["name"] == "Ada Weiss"
    assert signature["account"] == dentist_user.email
    assert signature["signed_at"]


def test_two_clicks_on_submit_are_one_case(dentist_client, typed):
    first = dentist_client.post(NEW, typed)
    second = dentist_client.post(NEW, typed, follow=True)
    assert Case.objects.count() == 1
    assert second.redirect_chain[0][0] == first["Location"]
    assert "sent already" in second.content.decode()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("patient_name", "", "Please type the patient&#x27;s name."),
        ("patient_name", "\u202e\u200b \x07", "Please type the patient&#x27;s name."),
        ("patient_name", "x" * 121, "at most 120 characters"),
        ("teeth", [], "Please choose at least one tooth."),
        ("teeth", ["99"], "“99” is not a tooth. Please choose on the chart."),
        ("teeth", ["14", "' OR 1"], "is not a tooth"),
        ("description", "", "Please describe the work."),
        ("description", "x" * 100_000, "has 100,000 characters. Please shorten it to 10,000"),
        ("dentist", "", "Please choose the prescribing dentist."),
        ("dentist", "999999", "Please choose one of your practice&#x27;s dentists."),
        ("dentist", "x", "Please choose one of your practice&#x27;s dentists."),
        ("surgery_date", "2001-01-01", "The surgery date is in the past."),
        ("surgery_date", "9999-12-31", "Please type the year of the surgery date again."),
        ("surgery_date", "soon", "Please type the date like 2026-12-31."),
        ("support", "air", "is not one of the available choices"),
        ("implant_14", "x" * 121, "is longer than 120 characters"),
        ("signed_name", "", "Please type your full name to sign the prescription."),
        ("signed_name", "\u200f", "Please type your full name to sign the prescription."),
    ],
)
def test_wrong_input_gets_a_sentence_and_nothing_is_lost(
    dentist_client, dentist_user, typed, field, value, sentence
):
    keep_file(typed["form_key"], dentist_user)
    answer = dentist_client.post(NEW, {**typed, field: value})

    page = answer.content.decode()
    assert answer.status_code == 422
    assert sentence in page
    assert "Nothing was sent yet" in page
    assert not Case.objects.exists()
    assert "lower.stl" in page
    kept = {"patient_name": "Nguyễn Thị Ánh", "description": "papilla", "teeth": "Straumann BLX"}
    kept.pop("teeth" if field == "implant_14" else field, None)
    for shown in kept.values():
        assert shown in page
    assert Draft.objects.get().data["signed_name"] == [
        value if field == "signed_name" else "Ada Weiss"
    ]


def test_control_and_direction_marks_are_taken_out_of_names(dentist_client, typed):
    dentist_client.post(NEW, {**typed, "patient_name": "Eve\u202etxt.exe\x07  Li\n"})
    assert Case.objects.get().patient_name == "Evetxt.exe Li"


def test_a_description_that_is_too_long_says_by_how_much_and_is_kept(dentist_client, typed):
    long = "w" * (DESCRIPTION_LIMIT + 1)
    answer = dentist_client.post(NEW, {**typed, "description": long})
    assert answer.status_code == 422
    assert "has 10,001 characters. Please shorten it to 10,000" in answer.text
    assert Draft.objects.get().data["description"] == [long]


def test_a_dentist_of_another_practice_cannot_be_chosen(dentist_client, other_practice_user, typed):
    foreign = other_practice_user.practice.dentists.create(
        name="Dr. Omar Diaz", license_number="D-1", license_state="MA"
    )
    answer = dentist_client.post(NEW, {**typed, "dentist": foreign.pk})
    assert answer.status_code == 422
    assert foreign.name not in answer.content.decode()


def test_a_session_that_ended_in_mid_form_loses_nothing(client, dentist_user, typed):
    keep_file(typed["form_key"], dentist_user)
    answer = client.post(NEW, typed)

    assert not Case.objects.exists()
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=/cases/new/%3Fdraft%3D")
    assert "Nguy" not in answer["Location"]

    client.force_login(dentist_user)
    back = client.get(f"{NEW}?draft={typed['form_key']}").content.decode()
    assert "Nguyễn Thị Ánh" in back
    assert "Please keep the papilla." in back
    assert "Straumann BLX 4.0 × 10" in back
    assert 'value="14" data-label="14" data-name="upper left first molar"' in back
    assert "lower.stl" in back


def test_a_form_that_was_never_given_out_keeps_nothing_for_strangers(client, typed):
    answer = client.post(NEW, {**typed, "form_token": "made-up"})
    assert answer.status_code == 302
    assert not Unsent.objects.exists()


def test_a_form_that_was_given_out_two_weeks_ago_keeps_nothing_for_strangers(
    client, dentist_user, typed, monkeypatch
):
    with monkeypatch.context() as two_weeks_ago:
        two_weeks_ago.setattr("time.time", lambda now=time.time: now() - 14 * 86_400 - 1)
        old = unsent.token(dentist_user, drafts.place_of_new(typed["form_key"]))
    answer = client.post(NEW, {**typed, "form_token": old})
    assert answer["Location"].startswith("/accounts/login/")
    assert not Unsent.objects.exists()


def test_a_colleague_after_sign_in_does_not_see_the_draft(client, dentist_user, typed):
    client.post(NEW, typed)
    other = type(dentist_user).objects.create_user(
        "front@harbor.example", name="Front", practice=dentist_user.practice
    )
    client.force_login(other)
    page = client.get(f"{NEW}?draft={typed['form_key']}").content.decode()
    assert "Nguyễn" not in page
    assert typed["form_key"] not in page


def test_what_is_typed_is_kept_while_typing(dentist_client, typed):
    url = reverse("cases:keep_draft", args=[typed["form_key"]])
    assert dentist_client.post(url, typed).status_code == 204
    page = dentist_client.get(NEW).content.decode()
    assert "New case for Nguyễn Thị Ánh</a>, no files," in page


def test_a_case_number_with_a_nul_is_no_case(dentist_client, typed):
    url = reverse("cases:keep_draft", args=[typed["form_key"]])
    assert dentist_client.post(url, {**typed, "case": "\0"}).status_code == 404


def test_a_draft_holds_nothing_that_postgresql_cannot_keep(dentist_client, typed):
    url = reverse("cases:keep_draft", args=[typed["form_key"]])
    dentist_client.post(url, {**typed, "patient_name": "A\0nn", "implant\0": "x"})
    draft = Draft.objects.get()
    assert draft.data["patient_name"] == ["Ann"]
    assert "\0" not in str(draft.data)
    assert "implant\0" not in draft.data


def test_keeping_while_signed_out_says_so(client, typed):
    url = reverse("cases:keep_draft", args=[typed["form_key"]])
    assert client.post(url, typed).status_code == 401


def test_a_form_key_of_another_practice_is_never_taken_over(
    dentist_client, other_practice_user, typed
):
    Draft.objects.create(form_key=typed["form_key"], user=other_practice_user, data={})
    url = reverse("cases:keep_draft", args=[typed["form_key"]])
    assert dentist_client.post(url, typed).status_code == 404
    keep_file(typed["form_key"], other_practice_user)

    dentist_client.post(NEW, typed)

    case = Case.objects.get()
    assert str(case.form_key) != typed["form_key"]
    assert not case.attachments.exists()


def test_a_submitted_form_is_not_kept_again_by_a_late_save(dentist_client, typed):
    dentist_client.post(NEW, typed)
    dentist_client.post(reverse("cases:keep_draft", args=[typed["form_key"]]), typed)
    assert not Draft.objects.exists()


def test_the_form_of_a_case_that_was_sent_is_not_opened_again(dentist_client, typed):
    dentist_client.post(NEW, typed)
    case = Case.objects.get()
    page = dentist_client.get(NEW, {"draft": typed["form_key"]}).content.decode()
    assert typed["form_key"] not in page
    assert f"That form was sent: it is case {case.number}. This is a new one." in page


def test_a_save_that_crossed_submit_is_not_offered_as_unfinished(
    dentist_client, dentist_user, typed
):
    dentist_client.post(NEW, typed)
    Draft.objects.create(
        form_key=typed["form_key"], user=dentist_user, data={"patient_name": ["Late Save"]}
    )
    assert "Late Save" not in dentist_client.get(NEW).content.decode()


def test_a_sent_form_that_was_changed_and_sent_again_is_kept_as_a_new_form(dentist_client, typed):
    dentist_client.post(NEW, typed)
    answer = dentist_client.post(NEW, {**typed, "patient_name": "Second Patient"}, follow=True)
    page = answer.content.decode()
    case = Case.objects.get()
    assert case.patient_name == "Nguyễn Thị Ánh"
    assert f"was sent as case {case.number} before you changed it" in page
    assert 'value="Second Patient"' in page
    assert typed["form_key"] not in page


def test_a_draft_can_be_discarded(dentist_client, dentist_user, typed):
    drafts.keep(uuid.UUID(typed["form_key"]), _posted(typed), by=dentist_user)
    dentist_client.post(reverse("cases:discard_draft", args=[typed["form_key"]]))
    assert not Draft.objects.exists()


def _posted(typed):
    posted = QueryDict(mutable=True)
    for name, value in typed.items():
        posted.setlist(name, value if isinstance(value, list) else [value])
    return posted


def test_teeth_are_shown_in_the_practices_numbering_with_its_name(dentist_client, practice):
    practice.tooth_numbering = "fdi"
    practice.save()
    page = dentist_client.get(NEW).content.decode()
    assert "FDI (ISO 3950)" in page
    assert 'aria-label="26, upper left first molar"' in page


def test_the_chart_has_32_permanent_and_20_primary_teeth_and_a_checkbox_for_each(dentist_client):
    page = dentist_client.get(NEW).content.decode()
    assert len(re.findall(r'class="tooth tooth-permanent', page)) == 32
    assert len(re.findall(r'class="tooth tooth-primary', page)) == 20
    assert len(re.findall(r'<input type="checkbox" name="teeth"', page)) == 52


@pytest.mark.parametrize("draft", ["", "x", "%00", "00000000-0000-4000-8000-000000000000", "../.."])
def test_any_draft_in_the_address_opens_a_form(dentist_client, draft):
    assert dentist_client.get(NEW, {"draft": draft}).status_code == 200
