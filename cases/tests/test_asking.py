"""Contradictions are asked about before a case or an update goes, and kept with the case."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from cases import services
from cases.models import Attachment, Case, Draft
from cases.progress import Progress
from portal import lab_calendar

NEW = "/cases/new/"
NOT_SENT = "It is not sent yet."


@pytest.fixture
def typed(practice):
    return {
        "form_key": str(uuid.uuid4()),
        "patient_name": "Twice Sent",
        "dentist": str(practice.dentists.first().pk),
        "teeth": ["14"],
        "description": "Guide for one implant.",
        "signed_name": "Ada Weiss",
    }


@pytest.fixture
def lab(client, lab_user):
    """A function that gives a page as the lab sees it."""

    def page(case):
        client.force_login(lab_user)
        return client.get(reverse("admin:cases_case_change", args=[case.pk])).text

    return page


def in_days(days):
    return lab_calendar.today(timezone.now()) + timedelta(days=days)


def send_anyway(client, answer, typed):
    """Press the button of the page that asked; all else stands on it."""
    return client.post(NEW, {**typed, "asked": answer.context["asked"]}, follow=True)


def notes(case):
    asked = case.events.filter(kind__in=["asked", "dates_asked"]).select_related("actor")
    return [(event.note, event.actor.name) for event in asked]


def add_file(form_key, user, name, kind=""):
    return Attachment.objects.create(
        form_key=form_key,
        practice=user.practice,
        uploaded_by=user,
        name=name,
        kind=kind,
        size=1,
        state="stored",
        work_state="done",
    )


def test_a_case_without_contradictions_is_sent_by_one_press(dentist_client, typed):
    dentist_client.post(NEW, {**typed, "surgery_date": in_days(100)})
    assert notes(Case.objects.get()) == []


def test_a_surgery_before_the_ship_date_is_asked_about_and_stands_red_before_the_lab(
    client, dentist_client, typed, lab
):
    typed["surgery_date"] = in_days(3)
    answer = dentist_client.post(NEW, typed)
    assert answer.status_code == 422
    assert not Case.objects.exists()
    assert NOT_SENT in answer.text
    ships, surgery = services.expected_ship_date(timezone.now()), in_days(3)
    sentence = f", after the surgery on {surgery:%b} {surgery.day}"
    assert f"The guide ships on {ships:%b} {ships.day}" in answer.text
    assert sentence in answer.text

    confirmation = send_anyway(dentist_client, answer, typed)
    case = Case.objects.get()
    assert sentence in confirmation.text
    ((note, by),) = notes(case)
    assert sentence in note
    assert by == "Ada Weiss"
    assert sentence in dentist_client.get(case.get_absolute_url()).text
    html = lab(case)
    assert sentence in html.partition('class="failed"')[2].partition("</p>")[0]
    assert "Confirmed" in html
    listed = client.get("/admin/cases/case/").text
    assert f'<div class="failed">Surgery {date_format(in_days(3))}</div>' in listed


def test_the_same_patient_and_tooth_is_asked_about_and_may_go_on(dentist_client, send_case, typed):
    now = timezone.now()
    earlier = send_case(patient_name="Sent, Twice", now=now - timedelta(seconds=70))
    answer = dentist_client.post(NEW, typed)
    sentence = f"Case {earlier.number} for this patient and tooth was sent 1 minute ago."
    assert sentence in answer.text
    assert Case.objects.count() == 1
    send_anyway(dentist_client, answer, typed)
    assert notes(Case.objects.exclude(pk=earlier.pk).get()) == [(sentence, "Ada Weiss")]


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"patient_name": "Twice Sent Jr"}, 1),
        ({"teeth": ["3", "19"]}, 1),
        ({}, 61),
        ({"progress": Progress.CANCELLED}, 1),
    ],
)
def test_other_work_is_not_the_same(dentist_client, send_case, typed, fields, days):
    fields = {"patient_name": "Twice Sent", **fields}
    send_case(now=timezone.now() - timedelta(days=days), **fields)
    assert dentist_client.post(NEW, typed).status_code == 302


def test_work_of_another_practice_is_never_named(
    dentist_client, make_case, other_practice_user, typed
):
    practice = other_practice_user.practice
    make_case(
        practice=practice,
        dentist=practice.dentists.first(),
        created_by=other_practice_user,
        patient_name="Twice Sent",
    )
    assert dentist_client.post(NEW, typed).status_code == 302


def test_the_form_that_was_sent_is_not_the_same_work_as_itself(dentist_client, typed):
    typed["description"] = "Implant at #19"
    send_anyway(dentist_client, dentist_client.post(NEW, typed), typed)
    again = dentist_client.post(NEW, typed, follow=True)
    assert "This form was sent already" in again.text
    assert Case.objects.count() == 1


@pytest.mark.parametrize(
    ("numbering", "described", "chosen", "is_asked"),
    [
        ("universal", "Implant at #19", "8", True),
        ("universal", "Implant at #19", "19", False),
        ("universal", "4.0 x 10, 36 months, 20 mm", "8", False),
        ("fdi", "Implant at #36", "8", True),
        ("fdi", "Implant at #36", "19", False),
    ],
)
def test_a_tooth_that_is_named_and_not_chosen_is_asked_about(
    dentist_client, practice, typed, numbering, described, chosen, is_asked
):
    practice.tooth_numbering = numbering
    practice.save()
    answer = dentist_client.post(NEW, {**typed, "description": described, "teeth": [chosen]})
    assert ("is named in the description and not chosen" in answer.text) == is_asked
    assert Case.objects.exists() != is_asked


@pytest.mark.parametrize(
    ("name", "kind", "is_asked"),
    [
        ("viewer.exe", "other", True),
        ("start.lnk", "other", True),
        ("page.dcm", "other", True),
        ("scan.dcm", "surface_scan", False),
        ("letter.pdf", "document", False),
    ],
)
def test_a_file_that_no_lab_reads_is_asked_about(
    dentist_client, dentist_user, typed, name, kind, is_asked
):
    add_file(typed["form_key"], dentist_user, name, kind)
    answer = dentist_client.post(NEW, typed)
    assert (f"“{name}”" in answer.text) == is_asked
    assert Case.objects.exists() != is_asked


def test_all_is_asked_at_once_and_nothing_is_lost(dentist_client, dentist_user, typed):
    typed |= {"description": "Implant at #19", "surgery_date": in_days(3)}
    typed |= {"implant_14": "Astra EV", "shipping_address": "9 Elm Street"}
    add_file(typed["form_key"], dentist_user, "viewer.exe")
    answer = dentist_client.post(NEW, typed)
    asked = answer.text.partition('id="asked"')[2].partition("</ul>")[0]
    assert asked.count("<li") == 3
    for kept in ("Twice Sent", "Implant at #19", "Astra EV", "9 Elm Street", "viewer.exe"):
        assert kept in answer.text
    assert 'value="Ada Weiss"' in answer.text
    assert Draft.objects.get().data["description"] == ["Implant at #19"]
    send_anyway(dentist_client, answer, typed)
    case = Case.objects.get()
    assert case.attachments.get().name == "viewer.exe"
    assert len(notes(case)) == 2


def test_what_was_put_right_is_not_asked_again_and_what_is_new_is(dentist_client, typed):
    typed |= {"description": "Implant at #19", "surgery_date": in_days(3)}
    asked = dentist_client.post(NEW, typed).context["asked"]
    dentist_client.post(NEW, {**typed, "description": "Implant at #20", "asked": asked})
    assert not Case.objects.exists()
    dentist_client.post(NEW, {**typed, "description": "Implant.", "asked": asked})
    assert len(notes(Case.objects.get())) == 1


def test_pressed_twice_it_is_sent_once(dentist_client, typed):
    typed["description"] = "Implant at #19"
    answer = dentist_client.post(NEW, typed)
    send_anyway(dentist_client, answer, typed)
    send_anyway(dentist_client, answer, typed)
    assert Case.objects.count() == 1
    assert len(notes(Case.objects.get())) == 1


# Updates


def look_over(client, case, **typed):
    typed = {"teeth": ["14"], "description": "More.", **typed}
    return client.post(reverse("cases:update", args=[case.number]), typed)


def sign(client, case, look, **more):
    signed = {"signed_name": "Ada Weiss", "seen": look.context["seen"], **more}
    return client.post(reverse("cases:send_update", args=[case.number]), signed, follow=True)


def test_an_update_lists_what_contradicts_itself_before_the_signature(
    dentist_client, send_case, lab
):
    case = send_case(teeth=["8"])
    look = look_over(dentist_client, case, description="Implant at #19", teeth=["8"])
    html = look.text
    assert html.index("#19 is named in the description") < html.index('name="signed_name"')
    assert "Send anyway" in html
    sign(dentist_client, case, look, asked=look.context["asked"])
    sentence = "#19 is named in the description and not chosen."
    assert notes(case) == [(sentence, "Ada Weiss")]
    assert sentence in lab(case)


def test_an_update_that_pushes_the_ship_date_past_the_surgery_says_so(
    dentist_client, send_case, lab
):
    ships = services.expected_ship_date(timezone.now())
    case = send_case(now=timezone.now() - timedelta(days=20), surgery_date=ships)
    assert "the day of the surgery" not in dentist_client.get(case.get_absolute_url()).text
    look = look_over(dentist_client, case)
    assert "the day of the surgery" in look.text
    sign(dentist_client, case, look, asked=look.context["asked"])
    assert "the day of the surgery" in dentist_client.get(case.get_absolute_url()).text
    assert "the day of the surgery" in lab(case)


def test_a_session_that_pushes_the_ship_date_past_the_surgery_shows_it(
    dentist_client, send_case, lab, lab_user
):
    case = send_case(surgery_date=in_days(60))
    services.set_planning_date(case, in_days(59), "Booked.", by=lab_user, now=timezone.now())
    assert "after the surgery" in dentist_client.get(case.get_absolute_url()).text
    assert "after the surgery" in lab(case)


def test_an_update_is_not_sent_with_what_nobody_was_asked_about(dentist_client, send_case):
    case = send_case(teeth=["8"])
    look = look_over(dentist_client, case, description="Implant at #19", teeth=["8"])
    again = sign(dentist_client, case, look)
    assert again.status_code == 409
    assert "#19 is named in the description" in again.text
    assert case.prescriptions.count() == 1


@pytest.mark.parametrize(("teeth", "is_asked"), [(["14"], True), (["3"], False)])
def test_an_update_asks_for_the_teeth_that_it_adds(dentist_client, send_case, teeth, is_asked):
    send_case(teeth=["14"])
    case = send_case(teeth=["3"])
    html = look_over(dentist_client, case, teeth=teeth).text
    assert ("for this patient and tooth was sent" in html) == is_asked


def test_an_update_without_contradictions_is_sent_as_ever(dentist_client, send_case):
    case = send_case()
    look = look_over(dentist_client, case)
    assert "Send anyway" not in look.text
    sign(dentist_client, case, look)
    assert case.prescriptions.count() == 2


@pytest.mark.parametrize("progress", [Progress.SHIPPED, Progress.CANCELLED])
def test_what_has_shipped_or_is_cancelled_is_no_contradiction_any_more(
    dentist_client, send_case, progress
):
    case = send_case(surgery_date=in_days(1), progress=progress)
    assert "after the surgery" not in dentist_client.get(case.get_absolute_url()).text
