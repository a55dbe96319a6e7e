"""What the lab lacks: added, ticked off and taken back by the lab, answered by the dentist."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.urls import reverse

from cases import drafts, services
from cases.models import Attachment, Draft, MissingItem
from cases.progress import Progress, Who
from portal.models import Email


@pytest.fixture
def lab(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def missing(case, lab_user, now):
    """A function that makes the case lack what is named, and gives it back."""

    def lack(*reasons, note=""):
        services.mark_missing(case, reasons, note, by=lab_user, now=now)
        return case

    return lack


def address(case, name):
    return reverse(f"admin:cases_case_{name}", args=[case.pk])


def page(client, case):
    return client.get(address(case, "change")).text


def item_of(case, reason):
    return case.missing_items.get(reason=reason)


def settle(client, case, how, reason):
    return client.post(address(case, "settle"), {how: item_of(case, reason).pk}, follow=True)


def lines(case):
    """The lines about what is missing, as the timeline has them."""
    events = case.events.filter(kind="missing").select_related("actor")
    return [(event.note, event.actor.name) for event in events]


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_what_the_lab_misses_at_first_stands_in_the_timeline(missing):
    case = missing("no_cbct", "no_bite", note="The file was empty.")
    assert lines(case) == [("Added: No CBCT, No bite.", "Lea Lab")]


def test_the_lab_adds_a_reason_and_the_practice_is_told(lab, missing):
    case = missing("no_cbct")
    assert address(case, "missing") in page(lab, case)
    answer = lab.post(address(case, "missing"), {"reasons": ["no_bite"], "note": "Left side."})
    assert answer.status_code == 302
    assert lines(case)[1:] == [("Added: No bite. Left side.", "Lea Lab")]
    mail = Email.objects.filter(kind="case_missing").order_by("pk").last()
    assert "No bite" in mail.text
    assert "No CBCT" in mail.text
    assert "Left side" not in mail.text
    case.refresh_from_db()
    assert case.progress == Progress.MISSING


def test_what_is_missing_already_is_not_asked_for_twice(missing, lab_user, now):
    case = missing("no_implant_system", "unsigned", "other", note="The bur.")
    services.move(case, Progress.ON_HOLD, Who.LAB, by=lab_user, now=now)
    again = ["no_implant_system", "no_bite", "other"]
    services.mark_missing(case, again, "The guide.", by=lab_user, now=now)
    rows = case.missing_items.filter(answered_at=None).values_list("reason", "note")
    assert list(rows) == [
        ("no_implant_system", "The guide."), ("unsigned", "The bur."), ("other", "The bur."),
        ("no_bite", "The guide."), ("other", "The guide."),
    ]  # fmt: skip
    said = "Added: No bite, Other. Still missing: Implant system not given."
    assert lines(case)[-1][0] == said
    services.add_missing(case, ["no_bite"], "", by=lab_user, now=now)
    assert case.missing_items.filter(answered_at=None).count() == 5


def test_the_dentist_reads_the_note_of_an_added_reason_beside_it(lab, missing, dentist_user):
    case = missing("no_cbct", note="At first.")
    lab.post(address(case, "missing"), {"reasons": ["other"], "note": "Which shade?"})
    lab.force_login(dentist_user)
    html = lab.get(case.get_absolute_url()).text
    needs = html[html.index("What we need from you") : html.index('id="update-fields"')]
    assert "At first." in needs
    assert "Which shade?" in needs


def test_a_note_goes_with_the_last_reason_that_it_was_about(lab, missing, dentist_user):
    case = missing("no_cbct", "no_bite", note="The file was empty.")
    lab.post(address(case, "missing"), {"reasons": ["unsigned"]})
    assert page(lab, case).count("The file was empty.") == 2  # with the reasons, in the timeline
    settle(lab, case, "tick_off", "no_cbct")
    needs, _ = record(lab, case, dentist_user)
    assert needs.count("The file was empty.") == 1
    tell_settled(case, "no_bite")
    needs, _ = record(lab, case, dentist_user)
    assert "The file was empty." not in needs


def tell_settled(case, reason):
    services.tick_off(item_of(case, reason), by=case.created_by, now=case.created_at)


@pytest.mark.parametrize(
    ("first", "added", "is_said"),
    [("", "", False), ("", "Left side.", True), ("At first.", "", True)],
)
def test_a_mail_speaks_of_a_note_where_there_is_one(lab, missing, first, added, is_said):
    case = missing("no_cbct", note=first)
    lab.post(address(case, "missing"), {"reasons": ["no_bite"], "note": added})
    mail = Email.objects.filter(kind="case_missing").order_by("pk").last()
    assert ("There is a note from us" in mail.text) == is_said


def test_a_note_written_before_stands_with_the_reasons_it_was_about(missing):
    case = missing("no_cbct", "no_bite", note="The file was empty.")
    MissingItem.objects.update(note="")
    settled = item_of(case, "no_bite")
    tell_settled(case, "no_bite")
    import_module("cases.migrations.0021_note_of_each_reason").give_notes(apps, None)
    settled.refresh_from_db()
    assert (item_of(case, "no_cbct").note, settled.note) == ("The file was empty.", "")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"note": ""}, "Please choose at least one reason."),
        ({"reasons": ["other"]}, "Please write what is missing"),
        ({"reasons": ["no_cbct"]}, "Select a valid choice"),
    ],
)
def test_an_addition_that_says_nothing_new_gets_a_sentence(lab, missing, typed, sentence):
    case = missing("no_cbct")
    answer = lab.post(address(case, "missing"), typed)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert case.missing_items.count() == 1


@pytest.mark.parametrize(
    ("how", "said_of_it"), [("tick_off", "Ticked off"), ("take_back", "Taken back")]
)
def test_a_reason_goes_by_itself_and_the_others_stay(lab, missing, how, said_of_it):
    case = missing("no_cbct", "no_bite")
    answer = settle(lab, case, how, "no_cbct")
    assert item_of(case, "no_cbct").answered_at
    assert item_of(case, "no_bite").answered_at is None
    assert lines(case)[1:] == [(f"{said_of_it}: No CBCT.", "Lea Lab")]
    assert "Nothing is missing any more" not in answer.text
    case.refresh_from_db()
    assert case.progress == Progress.MISSING


@pytest.mark.parametrize("how", ["tick_off", "take_back"])
def test_after_the_last_reason_the_lab_is_offered_the_move_on_and_makes_it(lab, missing, how):
    case = missing("no_cbct")
    html = settle(lab, case, how, "no_cbct").text
    assert "Nothing is missing any more" in html
    assert "All is here" in lab.get(reverse("admin:cases_case_changelist")).text
    offered = html[html.index("Nothing is missing any more") :].partition("</ul>")[0]
    for to in ("received", "ready", "processing"):
        assert reverse("admin:cases_case_progress", args=[case.pk, to]) in offered
    case.refresh_from_db()
    assert (case.progress, case.ship_date) == (Progress.MISSING, None)


def test_the_dentist_is_asked_for_nothing_once_all_is_ticked_off(lab, missing, dentist_user):
    case = missing("no_cbct")
    settle(lab, case, "tick_off", "no_cbct")
    lab.force_login(dentist_user)
    html = lab.get(case.get_absolute_url()).text
    assert "What we need from you" not in html
    assert "We have what was missing" in html
    assert "Upload what is listed" not in html
    assert "you act" not in html
    assert "No case needs you" in lab.get("/").text
    assert "you act" not in lab.get(reverse("cases:list")).text


def test_what_was_ticked_off_already_is_ticked_off_once(lab, missing):
    case = missing("no_cbct", "no_bite")
    settle(lab, case, "tick_off", "no_cbct")
    answer = settle(lab, case, "take_back", "no_cbct")
    assert "was settled by somebody else a moment ago" in said(answer)[0]
    assert len(lines(case)) == 2


def test_a_reason_of_another_case_is_not_found(lab, missing, make_case):
    case, other = missing("no_cbct"), make_case()
    item = other.missing_items.create(reason="no_bite")
    for posted in ({"tick_off": item.pk}, {"tick_off": "x"}, {}):
        assert lab.post(address(case, "settle"), posted).status_code == 404
    assert MissingItem.objects.get(pk=item.pk).answered_at is None


def test_nothing_is_added_to_a_case_that_went_on(lab, missing, lab_user, now):
    case = missing("no_cbct")
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    assert address(case, "missing") not in page(lab, case)
    answer = lab.post(address(case, "missing"), {"reasons": ["no_bite"]}, follow=True)
    assert "is Received, so nothing can be added" in said(answer)[0]
    assert case.missing_items.count() == 1


def test_the_timeline_says_that_an_update_answered_what_was_missing(missing, dentist_user, now):
    case = missing("no_cbct", "no_bite")
    draft = Draft.objects.create(user=dentist_user, case=case)
    services.update_case(case, draft, {"teeth": ["14"]}, "Ada", by=dentist_user, now=now)
    assert lines(case)[1:] == [("Answered by the update: No CBCT, No bite.", "Ada Weiss")]


def test_the_timeline_says_that_a_move_settled_the_rest(missing, lab_user, now):
    case = missing("no_cbct", "no_bite")
    services.move(case, Progress.RECEIVED, Who.LAB, by=lab_user, now=now)
    assert lines(case)[1:] == [("Ticked off with the move: No CBCT, No bite.", "Lea Lab")]


# Reasons that are no file.


def record(client, case, user):
    client.force_login(user)
    html = client.get(case.get_absolute_url()).text
    return html[html.index("What we need from you") : html.index('id="update-fields"')], html


def test_the_implant_system_is_asked_for_at_each_chosen_tooth(client, missing, dentist_user, case):
    case.teeth = ["3", "14"]
    case.implants = {"3": "Astra EV 4.2"}
    case.save()
    needs, html = record(client, missing("no_implant_system"), dentist_user)
    assert "data-uploads" not in needs
    assert 'name="implant_3" value="Astra EV 4.2"' in needs
    assert 'name="implant_14" value=""' in needs
    # Typed in one place, so that neither says other than the other.
    assert html.count('name="implant_14"') == 1


def test_the_signature_is_asked_for_beside_the_rx_that_is_to_be_signed(
    client, missing, send_case, dentist_user, lab_user, now
):
    case = send_case()
    services.mark_missing(case, ["unsigned"], "", by=lab_user, now=now)
    needs, _ = record(client, case, dentist_user)
    assert "data-uploads" not in needs
    assert 'name="signed_name"' in needs
    assert reverse("cases:rx", args=[case.number]) in needs


def test_a_file_that_is_missing_keeps_its_upload_box(client, missing, dentist_user):
    needs, _ = record(client, missing("no_bite", "unsigned"), dentist_user)
    assert needs.count("data-uploads ") == 1


def test_the_name_signed_on_the_record_stands_under_what_is_looked_over(
    client, missing, dentist_user
):
    case = missing("unsigned")
    client.force_login(dentist_user)
    typed = {"teeth": ["14"], "description": "Guide.", "signed_name": "Ada Weiss"}
    answer = client.post(reverse("cases:update", args=[case.number]), typed)
    assert 'name="signed_name" value="Ada Weiss"' in answer.text
    seen = {"signed_name": "Ada Weiss", "seen": answer.context["seen"]}
    client.post(reverse("cases:send_update", args=[case.number]), seen)
    case.refresh_from_db()
    assert case.progress == Progress.PROCESSING
    assert case.prescriptions.get().snapshot["signature"]["name"] == "Ada Weiss"


@pytest.mark.parametrize(
    ("reason", "typed", "is_answered"),
    [
        ("no_implant_system", {"implant_14": "Astra EV"}, True),
        ("no_implant_system", {}, False),
        ("unsigned", {}, True),
        ("no_bite", {"implant_14": "Astra EV"}, False),
    ],
)
def test_what_was_not_given_is_said_before_the_update_goes(
    client, missing, dentist_user, reason, typed, is_answered
):
    case = missing(reason)
    client.force_login(dentist_user)
    typed = {"teeth": ["14"], "description": "Guide.", **typed}
    html = client.post(reverse("cases:update", args=[case.number]), typed).text
    assert ("Nothing was given here for" in html) != is_answered


def test_a_file_answers_what_is_missing(client, missing, dentist_user):
    case = missing("no_bite")
    Attachment.objects.create(
        form_key=drafts.update_key(case),
        practice=case.practice,
        uploaded_by=dentist_user,
        answers=item_of(case, "no_bite"),
        name="bite.stl",
        size=1,
        state="stored",
        work_state="done",
    )
    client.force_login(dentist_user)
    typed = {"teeth": ["14"], "description": "Guide."}
    html = client.post(reverse("cases:update", args=[case.number]), typed).text
    assert "Nothing was given here for" not in html
