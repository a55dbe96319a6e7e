"""What is new since the lab looked, what changed, and what the lab corrects."""

from datetime import date, timedelta
from importlib import import_module
from io import BytesIO

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from pypdf import PdfReader

from cases import drafts, services
from cases.models import Attachment, Case, Draft
from cases.progress import Progress, Who
from portal.models import Email
from tests.forms import forms_in

LIST = reverse("admin:cases_case_changelist")


@pytest.fixture
def lab(client, lab_user):
    client.force_login(lab_user)
    return client


def page(case, name="change"):
    return reverse(f"admin:cases_case_{name}", args=[case.pk])


def update(case, now, files=(), **values):
    draft = Draft.objects.create(
        form_key=drafts.update_key(case), user=case.created_by, case=case, data={}
    )
    for name in files:
        Attachment.objects.create(
            form_key=draft.form_key, practice=case.practice, uploaded_by=case.created_by,
            name=name, size=9, state="stored", work_state="done",
        )  # fmt: skip
    services.update_case(case, draft, values, "Ada Weiss", by=case.created_by, now=now)


def form_on(html, name):
    """Where the form goes that leads to a page of the case, and what it sends untouched."""
    form = next(form for form in forms_in(html, f"/{name}/") if name in form.action)
    return form.action, form.untouched()


def said(answer):
    return str(next(iter(get_messages(answer.wsgi_request))))


def new_to_lab(client):
    return [case.number for case in client.get(LIST, {"looked": "no"}).context["cl"].result_list]


def test_a_new_case_is_marked_until_a_person_says_that_they_looked(lab, send_case, lab_user, now):
    case = send_case(now=now)
    assert new_to_lab(lab) == [case.number]
    assert ">New</div>" in lab.get(LIST).text
    html = lab.get(page(case)).text
    assert "nobody has looked at it yet" in html
    assert new_to_lab(lab) == [case.number]

    lab.post(*form_on(html, "looked"))
    case.refresh_from_db()
    assert (case.looked_by, case.looked_revision) == (lab_user, 1)
    assert new_to_lab(lab) == []
    assert f"Looked at by {lab_user}" in lab.get(page(case)).text


def test_the_first_page_of_admin_counts_what_is_new(lab, send_case, now):
    send_case(now=now), send_case(now=now)
    html = lab.get(reverse("admin:index")).text
    assert '<span class="count-number">2</span>' in html
    assert "?looked=no" in html


def test_an_update_says_field_by_field_what_changed(lab, send_case, lab_user, now):
    case = send_case(now=now, teeth=["3", "14"])
    services.mark_looked(case, 1, by=lab_user, now=now)
    later = now + timedelta(hours=1)
    update(case, later, files=["upper.stl"], teeth=["14"], description="Pilot only.")

    html = lab.get(page(case)).text
    assert "Updated since the lab looked" in html
    assert "<del>3, 14</del>" in html
    assert "<ins>14</ins>" in html
    assert "<ins>Pilot only.</ins>" in html
    assert "upper.stl" in html
    assert new_to_lab(lab) == [case.number]
    assert ">Updated</div>" in lab.get(LIST).text


def test_the_ship_date_is_compared_with_the_one_that_was_seen(lab, send_case, lab_user, now):
    case = send_case(now=now)
    sent, pushed = case.ship_date, case.ship_date + timedelta(days=10)
    services.set_planning_date(case, pushed, "Booked.", by=lab_user, now=now)
    pushed = case.ship_date
    services.mark_looked(case, 1, by=lab_user, now=now)
    services.set_planning_date(case, None, "Cancelled.", by=lab_user, now=now)
    update(case, now + timedelta(hours=1), description="Pilot only.")
    assert case.ship_date == sent

    changes = services.changes_since_look(Case.objects.get())
    assert ("Ship date", date_format(pushed), date_format(sent)) in changes.fields
    services.set_ship_date(case, pushed, by=lab_user, now=now)
    fields = services.changes_since_look(Case.objects.get()).fields
    assert [label for label, _, _ in fields] == ["Description"]


def test_a_correction_does_not_claim_the_ship_date_that_a_session_set(send_case, lab_user, now):
    case = send_case(now=now)
    services.set_planning_date(
        case, case.ship_date + timedelta(days=10), "Booked.", by=lab_user, now=now
    )
    services.correct(case, {"description": "Agreed."}, "Called.", 1, by=lab_user, now=now)
    assert "Ship date" not in case.events.get(kind="corrected").note


def test_what_was_looked_at_before_counts_as_seen_as_it_is(send_case, lab_user, now):
    seen, new = send_case(now=now), send_case(now=now)
    services.mark_looked(seen, 1, by=lab_user, now=now)
    Case.objects.update(looked_ship_date=None)
    import_module("cases.migrations.0020_ship_date_looked_before").look(apps, None)
    dates = dict(Case.objects.values_list("pk", "looked_ship_date"))
    assert dates == {seen.pk: seen.ship_date, new.pk: None}


def test_who_looked_at_an_older_revision_has_not_looked(lab, send_case, now):
    case = send_case(now=now)
    seen = form_on(lab.get(page(case)).text, "looked")
    update(case, now + timedelta(hours=1), description="Changed.")
    answer = lab.post(*seen)
    assert "changed by somebody else" in said(answer)
    assert new_to_lab(lab) == [case.number]


def test_what_is_over_is_not_new(lab, send_case, now):
    send_case(now=now, progress=Progress.CANCELLED)
    send_case(now=now, progress=Progress.SHIPPED)
    assert new_to_lab(lab) == []


def test_an_update_before_booking_is_mailed_to_no_planner(send_case, now):
    update(send_case(now=now), now, teeth=["3"])
    assert not Email.objects.filter(kind="case_changed").exists()


def test_the_dentist_compares_any_two_revisions(dentist_client, send_case, now):
    case = send_case(now=now, teeth=["3", "14"])
    update(case, now, teeth=["14"])
    update(case, now, description="Third.")
    record = dentist_client.get(case.get_absolute_url()).text
    assert "What changed with revision 3" in record
    address = reverse("cases:changes", args=[case.number])
    assert "<ins>Third.</ins>" in dentist_client.get(address).text
    both = dentist_client.get(address, {"older": 3, "newer": 1}).text
    assert "<del>3, 14</del>" in both
    assert "<ins>Third.</ins>" in both
    assert "say the same" in dentist_client.get(address, {"older": 2, "newer": 2}).text
    assert dentist_client.get(address, {"older": 9, "newer": "x"}).status_code == 200


# The lab corrects


def correction(lab, case, **typed):
    _, fields = form_on(lab.get(page(case, "correct")).text, "correct")
    return lab.post(page(case, "correct"), fields | typed)


def test_the_lab_corrects_a_case_and_everybody_can_see_what(lab, send_case, lab_user, sent, now):
    case = send_case(now=now, teeth=["3", "14"], patient_name="Jane Reo", implants={"3": "BLX"})
    answer = correction(
        lab, case, patient_name="Jane Łee", teeth="14", implants="", surgery_date="2031-05-06",
        shipping_address="1 Dock", description="As agreed.", reason="Dr. Weiss called.",
    )  # fmt: skip
    assert answer.url == page(case)
    case.refresh_from_db()
    assert (case.patient_name, case.patient_key) == ("Jane Łee", "jane lee")
    assert (case.teeth, case.implants, case.description) == (["14"], {}, "As agreed.")
    assert (case.surgery_date, case.shipping_address) == (date(2031, 5, 6), "1 Dock")
    note = case.events.get(kind="corrected").note
    for line in ("Patient: Jane Reo → Jane Łee", "Teeth: 3, 14 → 14", "Reason: Dr. Weiss called."):
        assert line in note
    mail = Email.objects.get(kind="case_corrected")
    assert mail.to == case.practice.email
    assert "Jane" not in mail.text + mail.subject

    script = case.prescriptions.get(revision=2)
    assert script.corrected_by == lab_user
    assert case.modified_at == now


def test_the_rx_script_says_that_the_lab_corrected_it(
    lab, send_case, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        case = send_case()
        correction(lab, case, teeth="3", reason="A slip of the pen.")
    with default_storage.open(case.prescriptions.first().file.name) as file:
        text = " ".join(PdfReader(BytesIO(file.read())).pages[0].extract_text().split())
    assert "Electronically signed by ada@harbor.example" in text
    assert "Corrected by Guidepost Dental Lab" in text
    assert "A slip of the pen." in text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"reason": ""}, "Please write why this is corrected."),
        ({"teeth": "99"}, "is not a tooth in Universal numbering"),
        ({"teeth": ""}, "This field is required."),
        ({"patient_name": " "}, "This field is required."),
        ({"description": "w" * 10_001}, "has 10,001 characters"),
        ({"surgery_date": "9999-12-31"}, "Please choose a date in the years"),
    ],
)
def test_a_correction_that_says_too_little_gets_a_sentence(lab, send_case, typed, sentence):
    case = send_case()
    answer = correction(lab, case, **{"reason": "Because.", "description": "New.", **typed})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert case.prescriptions.count() == 1


@pytest.mark.parametrize(
    ("implants", "sentence"),
    [
        ("3: BLX", "There is an implant system for 3, which is not among the teeth."),
        ("14 BLX", "14 BLX"),
        ("14:", "Please write “14:” as tooth, colon and system."),
        ("14, 15: BLX", "as tooth, colon and system"),
        ("14: " + "x" * 121, "is longer than 120 characters"),
    ],
)
def test_an_implant_system_is_corrected_for_a_tooth_that_is_there(
    lab, send_case, implants, sentence
):
    case = send_case(teeth=["3"], implants={"3": "BLX"})
    answer = correction(lab, case, teeth="14", implants=implants, reason="Because.")
    assert answer.status_code == 400
    assert sentence in answer.text
    case.refresh_from_db()
    assert (case.teeth, case.implants) == (["3"], {"3": "BLX"})


def test_an_implant_system_goes_to_the_tooth_that_is_meant(lab, send_case):
    case = send_case(teeth=["3"], implants={"3": "BLX"})
    assert ">\n3: BLX</textarea>" in lab.get(page(case, "correct")).text
    correction(lab, case, teeth="4 5", implants="4: BLX\n\n5: BLT", reason="Because.")
    case.refresh_from_db()
    assert (case.teeth, case.implants) == (["4", "5"], {"4": "BLX", "5": "BLT"})


def test_a_correction_of_nothing_changes_nothing(lab, send_case):
    case = send_case()
    answer = correction(lab, case, reason="Just so.")
    assert "Nothing was changed. What you typed stands below." in answer.text
    assert "Just so." in answer.text
    assert case.prescriptions.count() == 1
    assert not Email.objects.filter(kind="case_corrected").exists()


def test_a_correction_of_what_was_updated_meanwhile_is_refused(lab, send_case, now):
    case = send_case(now=now)
    html = lab.get(page(case, "correct")).text
    update(case, now, description="Newer.")
    answer = lab.post(
        page(case, "correct"), form_on(html, "correct")[1] | {"teeth": "3", "reason": "Because."}
    )
    assert answer.status_code == 400
    assert "Because." in answer.text
    case.refresh_from_db()
    assert (case.teeth, case.description) == (["14"], "Newer.")


def test_an_update_that_was_looked_over_before_a_correction_is_looked_over_again(
    lab, send_case, dentist_user
):
    case = send_case()
    dentist = Client()
    dentist.force_login(dentist_user)
    address = reverse("cases:update", args=[case.number])
    page = dentist.post(address, {"teeth": ["14"], "description": "As before."})
    correction(lab, case, teeth="15", surgery_date="2031-06-01", reason="The dentist called.")

    sent = {"seen": page.context["seen"], "asked": page.context["asked"], "signed_name": "Ada"}
    again = dentist.post(f"{address}send/", sent)
    assert again.status_code == 409
    assert "or by the lab" in again.text
    assert "<del>15</del>" in again.text
    case.refresh_from_db()
    assert (case.teeth, case.surgery_date) == (["15"], date(2031, 6, 1))


def test_what_the_practice_has_begun_stays_when_the_lab_corrects(lab, send_case, dentist_user):
    case = send_case()
    draft = Draft.objects.create(
        form_key=drafts.update_key(case), user=dentist_user, case=case, data={"description": ["H"]}
    )
    correction(lab, case, teeth="3", reason="Because.")
    assert drafts.of_update(case, dentist_user) == draft


@pytest.fixture
def dentist(dentist_user):
    client = Client()
    client.force_login(dentist_user)
    return client


def typed_on_record(dentist, case):
    address = reverse("cases:update", args=[case.number])
    forms = forms_in(dentist.get(case.get_absolute_url()).text, address)
    return address, next(one for one in forms if "form_key" in one.plain()).untouched()


CORRECTED = {
    "teeth": "15", "implants": "15: BLX", "description": "As they called.",
    "surgery_date": "2031-06-01", "shipping_address": "1 Dock", "reason": "The dentist called.",
}  # fmt: skip


def test_what_nobody_touched_on_an_open_page_follows_a_correction(lab, send_case, dentist):
    case = send_case(implants={"14": "BLT"})
    address, fields = typed_on_record(dentist, case)
    correction(lab, case, **CORRECTED)
    looked_over = dentist.post(address, fields | {"shipping_address": "2 Quay"})
    after = looked_over.context["after"]
    assert (after.teeth, after.implants, after.description) == (
        ["15"], {"15": "BLX"}, "As they called.",
    )  # fmt: skip
    assert (after.surgery_date, after.shipping_address) == (date(2031, 6, 1), "2 Quay")
    assert "was corrected since you opened this form" in looked_over.text
    context = looked_over.context
    sent = {name: context[name] for name in ("seen", "asked")} | {"signed_name": "Ada"}
    dentist.post(f"{address}send/", sent)
    case.refresh_from_db()
    assert (case.teeth, case.shipping_address) == (["15"], "2 Quay")


def test_what_was_kept_and_not_touched_follows_a_correction(lab, send_case, dentist):
    case = send_case()
    _, fields = typed_on_record(dentist, case)
    kept = reverse("cases:keep_draft", args=[drafts.update_key(case)])
    typed = fields | {"case": case.number, "description": "Typed by the practice."}
    assert dentist.post(kept, typed).status_code == 204
    correction(lab, case, **CORRECTED)
    _, fields = typed_on_record(dentist, case)
    assert (fields["teeth"], fields["surgery_date"]) == (["15"], ["2031-06-01"])
    assert fields["description"] == ["Typed by the practice."]


def test_an_update_in_which_nothing_was_typed_is_not_said_to_be(send_case, dentist, dentist_user):
    case = send_case(now=timezone.now(), shipping_address="1 Dock\nAugusta", surgery_date=None)
    key = drafts.update_key(case)
    drafts.begin(key, case, by=dentist_user, now=timezone.now())
    _, fields = typed_on_record(dentist, case)
    kept, typed = reverse("cases:keep_draft", args=[key]), fields | {"case": case.number}
    assert dentist.post(kept, typed).status_code == 204
    assert Draft.objects.get().data == {}
    dentist.post(kept, typed | {"description": "More."})
    assert Draft.objects.get().data["description"] == ["More."]


def test_a_case_that_was_looked_at_is_not_new_after_a_correction(lab, send_case, lab_user, now):
    case = send_case(now=now)
    services.mark_looked(case, 1, by=lab_user, now=now)
    correction(lab, case, teeth="3", reason="Because.")
    assert new_to_lab(lab) == []
    update(case, timezone.now() + timedelta(days=1), description="By the dentist.")
    html = lab.get(page(case)).text
    assert "<ins>By the dentist.</ins>" in html
    assert "<del>14</del>" not in html


def test_a_case_that_was_updated_meanwhile_is_not_made_by_the_old_script(lab, send_case, now):
    case = send_case(now=now)
    address = reverse("admin:cases_case_progress", args=[case.pk, "manufacturing"])
    html = lab.get(address).text
    assert "New since the lab looked" in html
    update(case, now + timedelta(hours=1), teeth=["3"])
    answer = lab.post(address, form_on(html, "progress")[1])
    assert "changed by somebody else" in said(answer)
    case.refresh_from_db()
    assert case.progress == Progress.PROCESSING


def test_moving_a_case_leaves_it_new(lab, send_case, lab_user, now):
    case = send_case(now=now)
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    assert Case.objects.new_to_lab().get() == case
