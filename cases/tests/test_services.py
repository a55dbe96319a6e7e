from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from cases import drafts, services
from cases.models import Attachment, Case, Draft, Prescription
from cases.progress import Progress, Who
from portal.models import Email
from portal.refusal import NotAllowed
from portal.work import WorkState


def mails(kind):
    return Email.objects.filter(kind=kind)


def make_file(case_or_user, form_key, name="scan.stl", state="stored", work_state="done"):
    return Attachment.objects.create(
        form_key=form_key,
        practice=case_or_user.practice,
        uploaded_by=getattr(case_or_user, "created_by", case_or_user),
        name=name,
        size=100,
        state=state,
        work_state=work_state,
    )


def make_draft(case, **data):
    return Draft.objects.create(
        form_key=drafts.update_key(case), user=case.created_by, case=case, data=data
    )


def update(case, draft, now, **values):
    values = {"teeth": case.teeth, "description": case.description, **values}
    services.update_case(case, draft, values, "Ada Moss", by=case.created_by, now=now)


# Sending


def test_a_sent_case_has_a_prescription_a_mail_a_ship_date_and_a_first_event(send_case, now):
    case = send_case(now=now)

    assert case.progress == Progress.PROCESSING
    assert case.prescriptions.get().revision == 1
    assert mails("case_submitted").get().to == "front@harbor.example"
    assert case.events.get().kind == "created"
    # Ten business days after Monday, March 2.
    assert case.ship_date == date(2026, 3, 16)


def test_numbers_are_short_digits_and_never_used_again(send_case, now):
    first, second = send_case(now=now), send_case(now=now)
    Case.objects.filter(pk=second.pk).delete()
    third = send_case(now=now)

    assert first.number.startswith("26-")
    assert len({first.number, second.number, third.number}) == 3


def test_a_form_that_is_sent_twice_is_one_case_one_prescription_and_one_mail(send_case):
    key = uuid4()
    first = send_case(form_key=key)
    second = send_case(form_key=key)

    assert first == second
    assert Prescription.objects.count() == 1
    assert mails("case_submitted").count() == 1


def test_files_of_the_form_go_with_the_case_and_others_stay(
    send_case, dentist_user, other_practice_user
):
    key = uuid4()
    mine = make_file(dentist_user, key)
    elsewhere = make_file(dentist_user, uuid4())
    foreign = make_file(other_practice_user, key)

    case = send_case(form_key=key)

    assert [file.pk for file in case.attachments.all()] == [mine.pk]
    for file in (elsewhere, foreign):
        file.refresh_from_db()
        assert file.case is None


def test_a_file_that_failed_is_not_sent_as_if_it_were_there(send_case, dentist_user):
    key = uuid4()
    make_file(dentist_user, key, state="failed")
    assert not send_case(form_key=key).attachments.exists()


def test_no_mail_names_the_patient(send_case, now):
    case = send_case(patient_name="Quillon Zephyr", now=now)
    services.mark_missing(case, ["no_cbct"], "", by=case.created_by, now=now)
    update(case, make_draft(case), now)
    services.post_message(case, "Quillon is nervous", by=case.created_by, now=now)

    assert Email.objects.count() == 4
    for email in Email.objects.all():
        assert "Quillon" not in email.subject + email.text + email.html + email.key


# Updating


def test_an_update_resets_ship_date_and_last_modified_and_makes_a_revision(send_case, now):
    case = send_case(now=now)
    later = now + timedelta(days=7)

    update(case, make_draft(case), later, teeth=["3", "4"])

    case.refresh_from_db()
    assert case.teeth == ["3", "4"]
    assert case.ship_date == date(2026, 3, 23)
    assert case.modified_at == later
    assert [rx.revision for rx in case.prescriptions.all()] == [2, 1]
    assert case.prescriptions.first().snapshot["teeth"] == ["3", "4"]
    assert case.prescriptions.last().snapshot["teeth"] == ["14"]
    assert mails("case_updated").count() == 1
    assert case.events.last().note == "Teeth."


@pytest.mark.parametrize("red", [Progress.MISSING, Progress.NO_SHOW])
def test_updating_a_red_case_makes_it_processing(send_case, now, red):
    case = send_case(progress=red)
    update(case, make_draft(case), now)

    case.refresh_from_db()
    assert case.progress == Progress.PROCESSING
    assert case.ship_date == date(2026, 3, 16)
    assert case.events.filter(from_progress=red, to_progress=Progress.PROCESSING).exists()


@pytest.mark.parametrize(
    "progress", [Progress.PROCESSING, Progress.READY, Progress.RECEIVED, Progress.SCHEDULED]
)
def test_updating_a_case_that_is_not_red_leaves_its_progress(send_case, now, progress):
    case = send_case(progress=progress)
    update(case, make_draft(case), now)
    case.refresh_from_db()
    assert case.progress == progress


@pytest.mark.parametrize(
    "progress",
    [
        Progress.MANUFACTURING,
        Progress.FINISHED,
        Progress.SHIPPED,
        Progress.ON_HOLD,
        Progress.CANCELLED,
    ],
)
def test_a_white_case_refuses_updates_and_keeps_the_draft(send_case, now, progress):
    case = send_case(progress=progress)
    draft = make_draft(case)
    with pytest.raises(NotAllowed, match="can no longer be changed"):
        update(case, draft, now, teeth=["3"])
    assert Draft.objects.filter(pk=draft.pk).exists()
    case.refresh_from_db()
    assert case.teeth == ["14"]


def test_an_update_that_lost_against_the_lab_writes_nothing_at_all(send_case, now):
    case = send_case()
    draft = make_draft(case)
    make_file(case, draft.form_key)
    Case.objects.filter(pk=case.pk).update(progress=Progress.MANUFACTURING)

    with pytest.raises(services.ChangedMeanwhile):
        update(case, draft, now, teeth=["3"])

    case.refresh_from_db()
    assert case.teeth == ["14"]
    assert case.prescriptions.count() == 1
    assert not case.attachments.exists()
    assert Draft.objects.filter(pk=draft.pk).exists()


def test_a_later_planning_session_pushes_the_ship_date_of_an_update(send_case, now):
    case = send_case(progress=Progress.SCHEDULED)
    Case.objects.filter(pk=case.pk).update(planning_date=date(2026, 3, 20))
    case.refresh_from_db()

    update(case, make_draft(case), now)

    # Five business days after Friday, March 20.
    assert case.ship_date == date(2026, 3, 27)


@pytest.mark.parametrize(
    ("closed", "half", "ships"),
    [
        ("", "", date(2026, 12, 8)),
        ("2026-11-27", "", date(2026, 12, 9)),
        ("2026-11-27 12-07", "", date(2026, 12, 10)),
        ("2027-11-27", "12-07", date(2026, 12, 9)),
    ],
)
def test_days_on_which_the_lab_is_closed_count_for_no_ship_date(
    send_case, settings, closed, half, ships
):
    # Tuesday, November 24; Thursday is Thanksgiving.
    settings.LAB_CLOSED_DAYS, settings.LAB_HALF_DAYS = closed.split(), half.split()
    settings.LAB_TURNAROUND_DAYS = 9
    assert send_case(now=datetime(2026, 11, 24, 15, tzinfo=UTC)).ship_date == ships


# Moving


def test_a_case_that_did_not_ship_after_all_has_its_promise_again(make_case, lab_user, now):
    promised, given = date(2026, 3, 20), {"by": lab_user, "now": now}
    case = make_case(progress=Progress.FINISHED, ship_date=promised)
    services.ship(case, "other", "", **given)
    assert case.ship_date == date(2026, 3, 2)
    services.move(case, Progress.MANUFACTURING, Who.LAB, **given)
    case.refresh_from_db()
    assert (case.ship_date, case.promised_date) == (promised, None)


def test_a_promise_whose_day_is_over_is_the_next_day_of_work(make_case, lab_user, now):
    case = make_case(progress=Progress.FINISHED, ship_date=date(2026, 2, 27))
    services.ship(case, "other", "", by=lab_user, now=now)
    services.move(case, Progress.FINISHED, Who.LAB, by=lab_user, now=now)
    assert case.ship_date == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("before", "to", "kind", "says"),
    [
        (Progress.RECEIVED, Progress.ON_HOLD, "case_on_hold", "has no ship date until"),
        (Progress.RECEIVED, Progress.CANCELLED, "case_cancelled", "was cancelled"),
        (Progress.ON_HOLD, Progress.RECEIVED, "case_reopened", "was On Hold and goes on"),
        (Progress.CANCELLED, Progress.PROCESSING, "case_reopened", "is now Processing"),
        (Progress.SHIPPED, Progress.FINISHED, "case_reopened", "is now Finished"),
        (Progress.ON_HOLD, Progress.READY, "case_ready_to_plan", "book a virtual"),
    ],
)
def test_a_practice_is_told_when_its_case_rests_and_when_it_goes_on(
    make_case, lab_user, now, before, to, kind, says
):
    case = make_case(progress=before, patient_name="Quillon")
    services.move(case, to, Who.LAB, by=lab_user, now=now, note="Quillon asked for it.")
    mail = Email.objects.get()
    assert (mail.kind, mail.to) == (kind, case.practice.email)
    assert says in mail.text
    assert case.number in mail.subject
    assert "Quillon" not in mail.subject + mail.text + mail.html


def test_a_move_writes_one_event_and_leaves_last_modified(case, lab_user, now):
    modified_at = case.modified_at
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now, note="All there.")

    case.refresh_from_db()
    assert case.progress == Progress.RECEIVED
    assert case.modified_at == modified_at
    event = case.events.last()
    assert (event.from_progress, event.to_progress) == (Progress.PROCESSING, Progress.RECEIVED)
    assert (event.actor, event.note) == (lab_user, "All there.")


def test_of_two_moves_from_the_same_reading_the_second_loses(case, lab_user, now):
    same = Case.objects.get(pk=case.pk)
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    with pytest.raises(services.ChangedMeanwhile):
        services.move(same, Progress.READY, Who.LAB, by=lab_user, now=now)
    case.refresh_from_db()
    assert case.progress == Progress.RECEIVED


def test_missing_takes_the_ship_date_away_and_mails_the_reasons(case, lab_user, now):
    services.mark_missing(case, ["no_cbct", "no_bite"], "Please hurry, Jane", by=lab_user, now=now)

    case.refresh_from_db()
    assert case.ship_date is None
    assert [item.reason for item in case.missing_items.all()] == ["no_cbct", "no_bite"]
    mail = mails("case_missing").get()
    assert "No CBCT" in mail.text
    assert "There is a note from us" in mail.text
    assert "Jane" not in mail.text
    assert "&" not in mail.text


def test_an_update_answers_what_was_missing(case, lab_user, now):
    services.mark_missing(case, ["no_cbct"], "", by=lab_user, now=now)
    update(case, make_draft(case), now)
    assert case.missing_items.get().answered_at == now


def test_records_that_came_by_post_end_the_hold_with_a_new_ship_date(case, lab_user, now):
    services.mark_missing(case, ["no_cbct"], "", by=lab_user, now=now)
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    case.refresh_from_db()
    assert case.ship_date == date(2026, 3, 16)
    assert case.missing_items.get().answered_at == now


def test_what_is_missing_stays_missing_while_the_case_is_on_hold(case, lab_user, now):
    services.mark_missing(case, ["no_cbct"], "", by=lab_user, now=now)
    services.move(case, Progress.ON_HOLD, Who.LAB, by=lab_user, now=now)
    assert case.missing_items.get().answered_at is None
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    assert case.missing_items.get().answered_at == now


def test_shipping_keeps_carrier_and_number_and_mails_the_link(case, lab_user, now):
    services.move(case, Progress.MANUFACTURING, Who.LAB, by=lab_user, now=now)
    services.ship(case, "ups", "1Z5R89390357567127", by=lab_user, now=now)
    case.refresh_from_db()
    assert "1Z5R89390357567127" in case.tracking_url
    assert case.tracking_url in mails("case_shipped").get().text
    assert case.ship_date == date(2026, 3, 2)


def test_archiving_only_hides(case, dentist_user, now):
    services.archive(case, by=dentist_user, now=now)
    services.archive(case, by=dentist_user, now=now)
    case.refresh_from_db()
    assert case.archived_at == now
    assert case.progress == Progress.PROCESSING
    assert case.events.filter(kind="archived").count() == 1
    services.unarchive(case, by=dentist_user, now=now)
    case.refresh_from_db()
    assert case.archived_at is None


def test_work_waits_until_the_transaction_is_over(
    send_case, django_capture_on_commit_callbacks, sent
):
    with django_capture_on_commit_callbacks(execute=True):
        case = send_case()
        assert case.prescriptions.get().work_state == WorkState.WAITING
    prescription = case.prescriptions.get()
    assert prescription.is_ready
    with prescription.file.open() as pdf:
        assert pdf.read(4) == b"%PDF"
    assert len(sent()) == 1
