"""The lab's pages about cases: what staff see, and that every change goes through a service."""

from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone

from cases import services
from cases.admin.case import BATCH_MOVES
from cases.models import Attachment, Case, CaseEvent, Prescription
from cases.progress import LAB_ORDER, Progress, Who, moves
from portal.models import Email
from portal.work import WorkState
from tests.forms import forms_in

LIST = reverse("admin:cases_case_changelist")
UPS = "1Z5R89390357567127"


@pytest.fixture
def lab(client, lab_user):
    client.force_login(lab_user)
    return client


def page(case):
    return reverse("admin:cases_case_change", args=[case.pk])


def step(case, to):
    return reverse("admin:cases_case_progress", args=[case.pk, to.name.lower()])


def fields_of(html):
    """What a person sends who presses the button of the page's form again."""
    forms = [form.untouched() for form in forms_in(html, "")]
    return next(fields for fields in forms if "doubted" in fields)


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def move(client, case, to, **typed):
    return client.post(step(case, to), {"was": case.progress, **typed})


def test_progress_is_ordered_by_whose_turn_it_is(lab, make_case):
    for progress in Progress:
        make_case(progress=progress)
    shown = lab.get(LIST).context["cl"].result_list
    assert [case.progress for case in shown] == LAB_ORDER


def test_the_list_says_what_is_missing_and_who_wrote_last(
    lab, make_case, dentist_user, lab_user, now
):
    asked, answered = make_case(), make_case()
    services.mark_missing(asked, ["no_cbct", "no_bite"], "", by=lab_user, now=now)
    services.post_message(asked, "Is it late?", by=dentist_user, now=now)
    services.post_message(answered, "Hello?", by=dentist_user, now=now)
    services.post_message(answered, "Yes.", by=lab_user, now=now)
    html = lab.get(LIST).text
    assert "No CBCT, No bite" in html
    assert html.count("Practice wrote") == 1
    waiting = lab.get(LIST, {"answer": "waiting"}).context["cl"].result_list
    assert [case.number for case in waiting] == [asked.number]


def test_a_longer_list_asks_the_database_no_more_often(
    lab, make_case, lab_user, now, django_assert_max_num_queries
):
    def fill(rows):
        for _ in range(rows):
            case = make_case()
            services.mark_missing(case, ["no_cbct"], "", by=lab_user, now=now)
            services.post_message(case, "Please send it.", by=lab_user, now=now)

    fill(1)
    with django_assert_max_num_queries(30) as short:
        lab.get(LIST)
    fill(4)
    with django_assert_max_num_queries(len(short)):
        lab.get(LIST)


@pytest.mark.parametrize(
    "words",
    ["26-10000", "2610000", "Roe, Jane", "harbor", "Weiß, Ada", "#14", UPS, "1z5r8939 0357567127"],
)
def test_cases_are_found_by_all_that_people_say_of_them(lab, case, words):
    case.practice.name = "Hårbor Dental"
    case.practice.save()
    Case.objects.update(carrier="ups", tracking_number=UPS)
    assert lab.get(LIST, {"q": words}).context["cl"].result_count == 1
    assert lab.get(LIST, {"q": "Nobody"}).context["cl"].result_count == 0


def test_archived_cases_are_filtered(lab, make_case, now):
    make_case()
    hidden = make_case(archived_at=now)
    shown = lab.get(LIST, {"archived": "yes"}).context["cl"].result_list
    assert [case.number for case in shown] == [hidden.number]


@pytest.mark.parametrize("progress", Progress)
def test_the_page_of_a_case_offers_exactly_the_moves_of_the_table(lab, make_case, progress):
    case = make_case(progress=progress)
    html = lab.get(page(case)).text
    offered = {to for to in Progress if f'href="{step(case, to)}"' in html}
    assert offered == moves(Who.LAB)[progress]


def test_what_the_dentist_sent_cannot_be_typed_over(lab, send_case):
    case = send_case()
    html = lab.get(page(case)).text
    assert "Guide for one implant." in html
    assert 'name="description"' not in html
    assert lab.post(page(case), {"patient_name": "Somebody Else"}).status_code == 403
    case.refresh_from_db()
    assert case.patient_name == "Jane Roe"


@pytest.mark.parametrize("to", [Progress.RECEIVED, Progress.READY, Progress.ON_HOLD])
def test_a_move_goes_through_its_own_page(lab, send_case, lab_user, to):
    case = send_case()
    html = lab.get(step(case, to)).text
    assert f"Move to {to.label}" in html
    response = move(lab, case, to, note="Talked on the phone")
    assert response.url == page(case)
    assert said(response) == [f"Case {case} is now {to.label}."]
    event = case.events.get(kind=CaseEvent.Kind.PROGRESS)
    assert (event.actor, event.to_progress, event.note) == (lab_user, to, "Talked on the phone")


def test_a_move_to_a_resting_progress_says_that_the_ship_date_goes(lab, send_case):
    case = send_case()
    assert "taken away" in lab.get(step(case, Progress.ON_HOLD)).text
    assert "The ship date stays" in lab.get(step(case, Progress.RECEIVED)).text


def test_missing_needs_a_reason(lab, case):
    response = move(lab, case, Progress.MISSING, note="Hm")
    assert response.status_code == 400
    assert "Please choose at least one reason." in response.text
    case.refresh_from_db()
    assert case.progress == Progress.PROCESSING


def test_other_needs_words(lab, case):
    response = move(lab, case, Progress.MISSING, reasons=["other"])
    assert "Please write what is missing" in response.text
    assert not case.missing_items.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"tracking_number": UPS}, "Please choose the carrier."),
        ({"carrier": "ups"}, "Please type the tracking number of the parcel."),
        ({"carrier": "ups", "tracking_number": "1" * 41}, "more than 40 characters"),
    ],
)
def test_shipping_without_what_it_needs_gets_a_sentence(lab, make_case, typed, sentence):
    case = make_case(progress=Progress.FINISHED)
    response = move(lab, case, Progress.SHIPPED, **typed)
    assert response.status_code == 400
    assert sentence in response.text


STRANGE = {"carrier": "ups", "tracking_number": "1Z1111111111111111"}


def test_a_strange_tracking_number_is_asked_about_before_it_is_mailed(lab, make_case):
    case = make_case(progress=Progress.FINISHED)
    asked = move(lab, case, Progress.SHIPPED, **STRANGE)
    assert "does not look like a UPS tracking number" in asked.text
    assert "press the button again" in asked.text
    assert not Email.objects.exists()

    typed = fields_of(asked.text)
    corrected = lab.post(step(case, Progress.SHIPPED), typed | {"carrier": "usps"})
    assert "does not look like a USPS tracking number" in corrected.text

    lab.post(step(case, Progress.SHIPPED), typed)
    case.refresh_from_db()
    assert (case.progress, case.tracking_number) == (Progress.SHIPPED, "1Z1111111111111111")
    assert "1Z1111111111111111" in Email.objects.get(kind="case_shipped").text


def test_a_number_is_not_needed_when_no_carrier_takes_the_parcel(lab, make_case):
    case = make_case(progress=Progress.FINISHED)
    move(lab, case, Progress.SHIPPED, carrier="other", note="Fetched by the practice")
    case.refresh_from_db()
    assert case.progress == Progress.SHIPPED


def test_tracking_is_corrected_with_a_line_in_the_timeline(lab, make_case):
    case = make_case(progress=Progress.SHIPPED, carrier="dhl", tracking_number="3318810025")
    address = reverse("admin:cases_case_tracking", args=[case.pk])
    assert 'value="3318810025"' in lab.get(address).text
    lab.post(address, {"carrier": "ups", "tracking_number": UPS})
    case.refresh_from_db()
    assert (case.carrier, case.tracking_number) == ("ups", UPS)
    assert case.events.get(kind="tracking").note == "Corrected; it was DHL 3318810025."
    mail = Email.objects.get(kind="case_tracking_corrected")
    assert mail.to == case.practice.email
    assert case.tracking_url in mail.text

    again = lab.post(address, {"carrier": "ups", "tracking_number": UPS})
    assert "already. Nothing was changed." in said(again)[-1]
    assert Email.objects.count() == 1


def test_a_corrected_number_that_is_strange_is_asked_about_too(lab, make_case):
    case = make_case(progress=Progress.SHIPPED, carrier="ups", tracking_number=UPS)
    address = reverse("admin:cases_case_tracking", args=[case.pk])
    asked = lab.post(address, STRANGE)
    assert "does not look like a UPS tracking number" in asked.text
    case.refresh_from_db()
    assert case.tracking_number == UPS
    lab.post(address, fields_of(asked.text))
    case.refresh_from_db()
    assert case.tracking_number == STRANGE["tracking_number"]


def test_the_page_of_a_move_says_the_date_that_the_case_then_has(lab, make_case, lab_user):
    far = date(2100, 5, 3)
    case = make_case(progress=Progress.FINISHED, ship_date=far)
    page = lab.get(step(case, Progress.SHIPPED))
    services.ship(case, "ups", UPS, by=lab_user, now=timezone.now())
    assert page.context["ship_date"] == case.ship_date
    assert f"becomes <strong>{case.ship_date:%a, %b}" in page.text
    assert "Mon, May 3, 2100" in lab.get(step(case, Progress.FINISHED)).text
    move(lab, case, Progress.FINISHED)
    case.refresh_from_db()
    assert case.ship_date == far


def test_tracking_of_a_case_that_is_not_shipped_is_refused(lab, case):
    address = reverse("admin:cases_case_tracking", args=[case.pk])
    response = lab.post(address, {"carrier": "ups", "tracking_number": UPS})
    assert said(response)[0].startswith(f"Case {case} is Processing, so it has no tracking")
    case.refresh_from_db()
    assert case.carrier == ""


def test_a_case_moved_meanwhile_is_left_as_it_is(lab, case, lab_user, now):
    services.move(Case.objects.get(pk=case.pk), Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    response = move(lab, case, Progress.READY)
    assert "changed by somebody else" in said(response)[0]
    case.refresh_from_db()
    assert case.progress == Progress.RECEIVED


def test_a_move_that_the_table_lacks_is_refused_with_a_sentence(lab, make_case):
    case = make_case(progress=Progress.CANCELLED)
    refusal = [f"Case {case} is Cancelled and cannot become Shipped."]
    assert said(lab.get(step(case, Progress.SHIPPED))) == refusal
    typed = {"carrier": "ups", "tracking_number": UPS}
    assert refusal[0] in said(move(lab, case, Progress.SHIPPED, **typed))
    assert not case.events.exists()


def test_an_unknown_progress_or_case_is_not_found(lab, case):
    assert lab.get(f"{LIST}{case.pk}/progress/lost/").status_code == 404
    assert lab.get(f"{LIST}999999/progress/ready/").status_code == 404


def test_the_ship_date_is_set_by_hand(lab, send_case):
    case = send_case()
    address = reverse("admin:cases_case_ship_date", args=[case.pk])
    assert "Please type the date like" in lab.post(address, {"ship_date": "soon"}).text
    assert "This day is in the past" in lab.post(address, {"ship_date": "2026-01-15"}).text
    lab.post(address, {"ship_date": "2027-01-15"})
    case.refresh_from_db()
    assert str(case.ship_date) == "2027-01-15"
    assert case.events.get(kind="ship_date").note == "Ships Fri, Jan 15, 2027."


def test_a_ship_date_behind_the_surgery_is_said_once_it_is_set(lab, make_case):
    case = make_case(progress=Progress.RECEIVED, surgery_date=date(2027, 1, 14))
    address = reverse("admin:cases_case_ship_date", args=[case.pk])
    page = lab.post(address, {"ship_date": "2027-01-15"}, follow=True)
    said = [str(message) for message in page.context["messages"]]
    assert said[1].startswith("The guide ships on Jan 15, after the surgery on Jan 14.")


def test_a_shipped_case_keeps_the_day_on_which_it_left(lab, make_case):
    case = make_case(progress=Progress.SHIPPED, ship_date=date(2026, 11, 2))
    page = lab.get(reverse("admin:cases_case_change", args=[case.pk])).text
    assert "Change ship date" not in page
    address = reverse("admin:cases_case_ship_date", args=[case.pk])
    page = lab.post(address, {"ship_date": "2027-01-15"}, follow=True)
    assert "the day on which it left" in page.text
    case.refresh_from_db()
    assert case.ship_date == date(2026, 11, 2)


def test_a_resting_case_is_promised_no_date(lab, make_case):
    case = make_case(progress=Progress.ON_HOLD)
    address = reverse("admin:cases_case_ship_date", args=[case.pk])
    response = lab.post(address, {"ship_date": "2027-01-15"})
    assert "has no ship date until it goes on" in said(response)[0]
    case.refresh_from_db()
    assert case.ship_date is None


@pytest.mark.parametrize("to", BATCH_MOVES)
def test_a_batch_moves_each_case_by_itself(lab, make_case, to):
    able = [make_case(progress=now) for now in Progress if to in moves(Who.LAB)[now]]
    unable = [make_case(progress=now) for now in Progress if to not in moves(Who.LAB)[now]]
    data = {
        "action": f"move_to_{to.name.lower()}",
        "_selected_action": [case.pk for case in [*able, *unable]],
        "confirmed": "yes",
    }
    texts = said(lab.post(LIST, data))
    assert f"{len(able)} cases moved to {to.label}." in texts
    for case in unable:
        rest = "already." if case.progress == to else f"and cannot become {to.label}."
        assert f"Case {case} is {case.progress.label} {rest}" in texts
    # The second time, none can be moved, and there is no more to say of it.
    assert sum("moved to" in text for text in said(lab.post(LIST, data))) == 1
    assert CaseEvent.objects.filter(to_progress=to).count() == len(able)


def test_the_lab_answers_a_message(lab, case, lab_user):
    address = reverse("admin:cases_case_message", args=[case.pk])
    assert "Please type a message first." in lab.post(address, {"body": " "}).text
    lab.post(address, {"body": "It ships on Friday."})
    message = case.messages.get()
    assert (message.author, message.body) == (lab_user, "It ships on Friday.")
    assert Email.objects.get(kind="message_posted").to == case.practice.email


@pytest.fixture
def broken_file(case, settings):
    """A file that arrived whole and that the storage refused."""
    settings.STAGING_DIR.mkdir(parents=True)
    file = Attachment.objects.create(
        case=case,
        practice=case.practice,
        uploaded_by=case.created_by,
        name="scan.stl",
        size=4,
        state=Attachment.State.FAILED,
        work_state=WorkState.FAILED,
        work_failure="The storage was full.",
        received_at=case.created_at,
    )
    file.staging_path.write_bytes(b"1234")
    return file


def test_a_failed_file_shows_why_and_is_tried_again(
    lab, case, broken_file, django_capture_on_commit_callbacks
):
    html = lab.get(page(case)).text
    assert "The storage was full." in html
    assert "Try again" in html
    address = reverse("admin:cases_case_try_again", args=[case.pk])
    with django_capture_on_commit_callbacks(execute=True):
        lab.post(address, {"attachment": broken_file.pk})
    broken_file.refresh_from_db()
    assert broken_file.state == Attachment.State.STORED
    link = reverse("cases:download", args=[case.number, broken_file.pk])
    assert f'href="{link}"' in lab.get(page(case)).text


def test_failed_files_are_tried_again_from_their_list(
    lab, broken_file, django_capture_on_commit_callbacks
):
    address = reverse("admin:cases_attachment_changelist")
    assert "The storage was full." in lab.get(address, {"state__exact": "failed"}).text
    data = {"action": "try_again", "_selected_action": [broken_file.pk]}
    with django_capture_on_commit_callbacks(execute=True):
        lab.post(address, data)
    broken_file.refresh_from_db()
    assert broken_file.state == Attachment.State.STORED


def test_a_failed_rx_script_is_asked_for_again(lab, send_case):
    case = send_case()
    rows = Prescription.objects.filter(case=case)
    rows.update(work_state=WorkState.FAILED, work_failure="No disk.", work_failures=8)
    prescription = rows.get()
    assert "No disk." in lab.get(page(case)).text
    address = reverse("admin:cases_case_try_again", args=[case.pk])
    lab.post(address, {"prescription": prescription.pk})
    prescription.refresh_from_db()
    assert (prescription.work_state, prescription.work_failures) == (WorkState.WAITING, 0)


@pytest.mark.parametrize("posted", [{}, {"attachment": "x"}, {"prescription": "x"}])
def test_trying_again_what_is_not_there_is_not_found(lab, case, posted):
    address = reverse("admin:cases_case_try_again", args=[case.pk])
    assert lab.post(address, posted).status_code == 404
    assert lab.get(address).status_code == 405


@pytest.mark.parametrize("model", ["case", "attachment", "prescription"])
def test_nothing_is_added_or_deleted_in_admin(lab, case, broken_file, model):
    rows = {"case": case, "attachment": broken_file}
    pk = rows[model].pk if model in rows else 1
    assert lab.get(reverse(f"admin:cases_{model}_add")).status_code == 403
    if model in rows:
        delete = reverse(f"admin:cases_{model}_delete", args=[pk])
        assert lab.post(delete, {"post": "yes"}).status_code == 403
    lab.post(
        reverse(f"admin:cases_{model}_changelist"),
        {"action": "delete_selected", "_selected_action": [pk], "post": "yes"},
    )
    assert Case.objects.count() == 1
    assert Attachment.objects.count() == 1


def test_the_first_page_counts_cases_and_names_what_failed(lab, make_case, broken_file):
    make_case(progress=Progress.FINISHED)
    html = lab.get(reverse("admin:index")).text
    assert f"{LIST}?progress__exact={Progress.FINISHED.value}" in html
    assert "Failed files: 1" in html
    assert "Failed RX scripts" not in html


def test_a_ship_date_of_a_far_year_is_refused_with_a_sentence(lab, case):
    url = reverse("admin:cases_case_ship_date", args=[case.pk])
    answer = lab.post(url, {"ship_date": "9999-12-31"})
    assert answer.status_code == 400
    assert "Please choose a date in the years 2000 to 2100." in answer.text
    assert 'value="9999-12-31"' in answer.text
