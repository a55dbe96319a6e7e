from datetime import date
from io import BytesIO

import pytest
import requests
from django.contrib.sessions.models import Session
from django.core.files.storage import default_storage
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts import unsent
from accounts.models import Unsent, User
from cases import drafts, services
from cases.models import Attachment, Case, Draft, Message
from cases.progress import Progress, Who
from portal.models import Email


@pytest.fixture
def update_url(case):
    return reverse("cases:update", args=[case.number])


CHANGE = {"teeth": ["3"], "description": "Changed.", "implant_3": "Nobel Active"}
SIGN = {"signed_name": "Ada Weiss"}


def sign(client, url, change=CHANGE):
    """Look over an update, sign and send it."""
    seen = client.post(url, change).context["seen"]
    return client.post(f"{url}send/", {**SIGN, "seen": seen}, follow=True)


def add_file(case, form_key=None, **fields):
    fields = {"state": "stored", "work_state": "done", "name": "cbct.zip", "size": 5} | fields
    return Attachment.objects.create(
        case=None if form_key else case,
        form_key=form_key,
        practice=case.practice,
        uploaded_by=case.created_by,
        **fields,
    )


class Downloaded:
    """What a browser gets: from the portal itself or, with S3, where the portal sends it."""

    def __init__(self, answer):
        if answer.status_code == 302:
            given = requests.get(answer["Location"], timeout=20)
            assert given.status_code == 200
            self.body, self.headers = given.content, given.headers
        else:
            self.body, self.headers = b"".join(answer.streaming_content), answer.headers


# What it shows


def test_the_record_shows_all_that_was_provided(dentist_client, send_case):
    case = send_case(
        patient_name="Zoë Quill",
        implants={"14": "Astra EV 4.2"},
        guidance="full",
        surgery_date=date(2030, 5, 6),
        shipping_address="9 Elm Street",
    )
    add_file(case, name="upper.stl")
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    for shown in (
        case.number, "Zoë Quill", "Astra EV 4.2", "Fully guided", "May 6, 2030",
        "9 Elm Street", "Guide for one implant.", "upper.stl", "Dr. Ada Weiss", "Case sent",
    ):  # fmt: skip
        assert shown in page


def test_what_is_missing_is_listed_with_an_upload_box_beside_each(dentist_client, case, lab_user):
    services.mark_missing(
        case, ["no_cbct", "no_bite"], "No hurry.", by=lab_user, now=timezone.now()
    )
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    assert "What we need from you" in page
    assert "No CBCT" in page
    assert "No hurry." in page
    for item in case.missing_items.all():
        assert f'data-answers="{item.pk}"' in page


@pytest.mark.parametrize("progress", Progress)
def test_white_cases_are_read_only_with_a_mail_link(dentist_client, make_case, progress):
    case = make_case(progress=progress)
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    read_only = progress.colour == "white"
    assert ("can no longer be changed here" in page) == read_only
    assert ('id="update"' in page) != read_only
    if read_only:
        assert f"?subject=Case%20{case.number}" in page


def test_a_shipped_case_has_its_tracking_link(dentist_client, make_case):
    case = make_case(progress=Progress.SHIPPED, carrier="ups", tracking_number="1Z5R89390357567127")
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    assert "https://www.ups.com/track?tracknum=1Z5R89390357567127" in page


def test_lab_staff_see_the_record_without_the_practices_buttons(client, lab_user, case):
    client.force_login(lab_user)
    page = client.get(case.get_absolute_url()).content.decode()
    assert 'id="update"' not in page
    assert reverse("cases:archive", args=[case.number]) not in page
    assert reverse("cases:message", args=[case.number]) in page


# Updating


def test_an_update_is_looked_over_with_old_and_new_ship_date_before_it_counts(
    dentist_client, send_case, now
):
    case = send_case(now=now)
    answer = dentist_client.post(reverse("cases:update", args=[case.number]), CHANGE)
    page = answer.content.decode()
    assert "reset as if the case were new" in page
    assert "Mon, Mar 16, 2026" in page
    new = services.expected_ship_date(timezone.now())
    assert f"{new:%a, %b} {new.day}, {new.year}" in page
    case.refresh_from_db()
    assert case.teeth == ["14"]


def test_the_old_ship_date_is_the_one_that_counts_by_now(dentist_client, lab_user, send_case, now):
    case = send_case(now=now)
    services.set_ship_date(case, date(2026, 3, 20), by=lab_user, now=now)
    answer = dentist_client.post(reverse("cases:update", args=[case.number]), CHANGE)
    assert answer.text.count("Fri, Mar 20, 2026") == 2
    assert "Mon, Mar 16, 2026" not in answer.text


def test_a_confirmed_update_changes_the_case_and_renews_the_prescription(
    dentist_client, case, update_url, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = sign(dentist_client, update_url)
    case.refresh_from_db()
    assert (case.teeth, case.description) == (["3"], "Changed.")
    assert case.implants == {"3": "Nobel Active"}
    assert f"Case {case.number} is updated" in answer.content.decode()
    assert Email.objects.filter(kind="case_updated").count() == 1
    rx = Downloaded(dentist_client.get(reverse("cases:rx", args=[case.number])))
    text = PdfReader(BytesIO(rx.body)).pages[0].extract_text()
    assert "Changed." in text
    assert "Jane Roe" in text
    assert case.patient_name not in rx.headers["Content-Disposition"]


def test_old_revisions_stay_downloadable(
    dentist_client, send_case, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        case = send_case(description="First words.")
        sign(dentist_client, reverse("cases:update", args=[case.number]))
    for revision, words in ((1, "First words."), (2, "Changed.")):
        rx = dentist_client.get(reverse("cases:rx_revision", args=[case.number, revision]))
        assert words in PdfReader(BytesIO(Downloaded(rx).body)).pages[0].extract_text()
    assert dentist_client.get(f"/cases/{case.number}/rx/3/").status_code == 404


def test_what_is_missing_and_was_not_uploaded_is_asked_for_before_it_is_sent(
    dentist_client, case, lab_user, update_url
):
    services.mark_missing(case, ["no_cbct", "no_bite"], "", by=lab_user, now=timezone.now())
    answered = case.missing_items.get(reason="no_bite")
    add_file(case, form_key=drafts.update_key(case), answers=answered)
    page = dentist_client.post(update_url, CHANGE).content.decode()
    assert "Nothing was given here for:</strong> No CBCT." in page


def test_an_update_without_a_signature_asks_for_it_and_keeps_everything(
    dentist_client, case, update_url
):
    seen = dentist_client.post(update_url, CHANGE).context["seen"]
    unsigned = {"signed_name": " ", "seen": seen}
    answer = dentist_client.post(f"{update_url}send/", unsigned)
    assert answer.status_code == 422
    assert "Please type your full name to sign" in answer.content.decode()
    assert Draft.objects.get().data["description"] == ["Changed."]


def test_a_wrong_update_gets_a_sentence_and_keeps_what_was_typed(dentist_client, case, update_url):
    answer = dentist_client.post(update_url, {"teeth": ["77x"], "description": "Kept words"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is not a tooth" in page
    assert "Kept words" in page


def test_confirming_twice_is_one_update(dentist_client, case, update_url):
    sign(dentist_client, update_url)
    answer = dentist_client.post(f"{update_url}send/", SIGN, follow=True)
    assert "was sent already" in answer.content.decode()
    assert case.prescriptions.count() == 1


def test_only_what_was_looked_over_is_signed(dentist_client, dentist_user, case, update_url):
    page = dentist_client.post(update_url, CHANGE)
    seen = {"seen": page.context["seen"]}
    assert f'name="seen" value="{seen["seen"]}"' in page.content.decode()
    colleague = {**CHANGE, "description": "A colleague's words."}
    autosave = reverse("cases:keep_draft", args=[drafts.update_key(case)])
    dentist_client.post(autosave, {**colleague, "case": case.number})

    answer = dentist_client.post(f"{update_url}send/", {**SIGN, **seen})
    case.refresh_from_db()
    assert case.description == ""
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "changed after you looked it over" in text
    assert "A colleague&#x27;s words." in text

    dentist_client.post(f"{update_url}send/", {**SIGN, "seen": answer.context["seen"]})
    case.refresh_from_db()
    assert case.description == "A colleague's words."


def test_an_update_typed_before_a_colleagues_one_says_so(dentist_client, case, update_url):
    before = str(drafts.update_key(case))
    sign(dentist_client, update_url, {**CHANGE, "form_key": before})
    late = {"teeth": ["14"], "description": "Typed in an old page.", "form_key": before}
    page = dentist_client.post(update_url, late).content.decode()
    assert "was updated since you opened this form" in page
    assert "Typed in an old page." in page


def test_files_uploaded_on_the_record_go_with_the_update(dentist_client, case, update_url):
    file = add_file(case, form_key=drafts.update_key(case))
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    assert "Not sent yet:" in page
    sign(dentist_client, update_url, {"teeth": ["14"], "description": "Same."})
    file.refresh_from_db()
    assert file.case == case


def test_an_update_of_a_case_in_manufacturing_is_refused_and_kept(
    dentist_client, case, lab_user, update_url
):
    dentist_client.post(update_url, CHANGE)
    services.move(case, Progress.MANUFACTURING, Who.LAB, by=lab_user, now=timezone.now())
    answer = dentist_client.post(f"{update_url}send/", SIGN, follow=True)
    assert "can no longer be changed here" in answer.content.decode()
    assert Draft.objects.get().data["description"] == ["Changed."]


def test_a_session_that_ended_during_an_update_loses_nothing(
    client, dentist_user, case, update_url
):
    place = f"{case.get_absolute_url()}#update"
    posted = {**CHANGE, "form_token": unsent.token(dentist_user, place)}
    answer = client.post(update_url, posted)
    assert answer["Location"] == f"/accounts/login/?next=/cases/{case.number}/%23update&kept=1"
    assert "What you typed and uploaded is kept" in client.get(answer["Location"]).text
    client.force_login(dentist_user)
    assert "Changed." in client.get(case.get_absolute_url()).content.decode()


def test_an_update_takes_surgery_date_and_shipping_address(dentist_client, case, update_url, now):
    typed = {"surgery_date": "2031-05-06", "shipping_address": "2 New Quay"}
    page = dentist_client.post(update_url, {**CHANGE, **typed})
    assert "2 New Quay" in page.text
    dentist_client.post(f"{update_url}send/", {**SIGN, "seen": page.context["seen"]})
    case.refresh_from_db()
    assert (case.surgery_date, case.shipping_address) == (date(2031, 5, 6), "2 New Quay")
    assert case.prescriptions.first().snapshot["surgery_date"] == "2031-05-06"


def test_an_update_without_them_leaves_surgery_date_and_address_alone(
    dentist_client, case, update_url
):
    Case.objects.update(surgery_date=date(2020, 1, 2), shipping_address="1 Old Quay")
    page = dentist_client.post(update_url, CHANGE)
    sent = {**SIGN, "seen": page.context["seen"], "asked": page.context["asked"]}
    dentist_client.post(f"{update_url}send/", sent)
    case.refresh_from_db()
    assert case.description == "Changed."
    assert (case.surgery_date, case.shipping_address) == (date(2020, 1, 2), "1 Old Quay")


def test_what_a_colleague_typed_later_stays(client, dentist_user, case, update_url):
    place = f"{case.get_absolute_url()}#update"
    client.post(update_url, {**CHANGE, "form_token": unsent.token(dentist_user, place)})
    drafts.keep(
        drafts.update_key(case), QueryDict("description=Typed+later."), case, by=case.created_by
    )
    client.force_login(dentist_user)
    page = client.get(case.get_absolute_url()).text
    assert "Typed later." in page
    assert "changed after your session had ended" in page
    assert "changed after" not in client.get(case.get_absolute_url()).text


def test_a_token_of_another_practice_writes_nothing_into_a_case(
    client, other_practice_user, case, update_url
):
    place = f"{case.get_absolute_url()}#update"
    token = unsent.token(other_practice_user, place)
    client.post(update_url, {**CHANGE, "form_token": token})
    client.force_login(other_practice_user)
    assert client.get(case.get_absolute_url()).status_code == 404
    assert not Draft.objects.exists()


def test_a_draft_that_was_not_made_for_the_case_is_not_shown_on_it(
    dentist_client, other_practice_user, case
):
    Draft.objects.create(
        form_key=drafts.update_key(case),
        user=other_practice_user,
        data={"description": ["Slipped in."]},
    )
    assert "Slipped in." not in dentist_client.get(case.get_absolute_url()).content.decode()


# Messages and files


def test_a_message_is_shown_and_mailed(dentist_client, case, settings):
    url = reverse("cases:message", args=[case.number])
    answer = dentist_client.post(url, {"body": "Is <b>EV</b> fine?\u202e"}, follow=True)
    assert "Is &lt;b&gt;EV&lt;/b&gt; fine?" in answer.content.decode()
    mail = Email.objects.get(kind="message_posted")
    assert mail.to == settings.LAB_EMAIL
    assert "EV" not in mail.text


def written_before_sign_out(client, case, body="Is the sleeve metal?"):
    """Sign out with the page of a case open, and press Send then."""
    page = client.get(case.get_absolute_url())
    client.logout()
    typed = {"body": body, "form_token": page.context["message_token"]}
    return client.post(reverse("cases:message", args=[case.number]), typed)


@pytest.mark.parametrize("who", ["dentist_user", "lab_user"])
def test_a_message_whose_writer_was_signed_out_is_kept(client, request, case, who):
    user = request.getfixturevalue(who)
    client.force_login(user)
    answer = written_before_sign_out(client, case)
    assert answer["Location"] == f"/accounts/login/?next=/cases/{case.number}/%23messages&kept=1"
    assert not Message.objects.exists()

    client.force_login(user)
    assert "Is the sleeve metal?" in client.get(case.get_absolute_url()).text
    client.post(reverse("cases:message", args=[case.number]), {"body": "Is the sleeve metal?"})
    assert Message.objects.get().author == user
    assert not Unsent.objects.exists()


def test_an_unsent_message_is_shown_to_its_writer_only(client, dentist_user, case):
    client.force_login(dentist_user)
    written_before_sign_out(client, case)
    colleague = User.objects.create_user("kim@x.example", practice=dentist_user.practice)
    client.force_login(colleague)
    page = client.get(case.get_absolute_url())
    assert "Is the sleeve metal?" not in page.text
    assert page.context["draft"] is None


def test_a_message_without_proof_is_not_kept(client, case):
    url = reverse("cases:message", args=[case.number])
    answer = client.post(url, {"body": "Hello", "form_token": "1:x:y"})
    assert answer["Location"] == f"/accounts/login/?next={url}"
    assert not Unsent.objects.exists()


def test_whoever_has_the_proof_keeps_one_message_on_a_case_and_no_session(
    client, dentist_user, case
):
    proof = unsent.token(dentist_user, f"{case.get_absolute_url()}#messages")
    for number in range(5):
        typed = {"body": f"{number} " + "x" * 9000, "form_token": proof}
        Client().post(reverse("cases:message", args=[case.number]), typed)
    assert Unsent.objects.get().data["body"] == ["4 " + "x" * 9000]
    assert not Session.objects.exists()


def test_of_more_forms_than_anybody_has_open_the_newest_are_kept(dentist_user, case, monkeypatch):
    monkeypatch.setattr(unsent, "MOST", 2)
    for number in range(3):
        proof = unsent.token(dentist_user, f"/cases/{number}/#messages")
        typed = {"body": "y" * 60_000, "form_token": proof}
        Client().post(reverse("cases:message", args=[case.number]), typed)
    kept = Unsent.objects.order_by("at")
    assert [row.place for row in kept] == ["/cases/1/#messages", "/cases/2/#messages"]
    assert {len(row.data["body"][0]) for row in kept} == {unsent.FIELD}


def test_a_refused_message_leaves_the_unsent_update_alone(dentist_client, case):
    autosave = reverse("cases:keep_draft", args=[drafts.update_key(case)])
    dentist_client.post(autosave, {**CHANGE, "case": case.number})
    page = dentist_client.post(reverse("cases:message", args=[case.number]), {"body": ""})
    assert page.context["form"].initial["description"] == "Changed."
    assert "what was typed on" in page.content.decode()


@pytest.mark.parametrize("page", ["message", "archive", "unarchive"])
def test_sign_in_on_the_way_to_a_button_ends_on_the_case(dentist_client, case, page):
    answer = dentist_client.get(reverse(f"cases:{page}", args=[case.number]))
    assert answer["Location"] == case.get_absolute_url()


@pytest.mark.parametrize("body", ["", " \n ", "\u200f", "x" * 5001])
def test_a_message_without_words_or_with_too_many_is_not_sent(dentist_client, case, body):
    answer = dentist_client.post(reverse("cases:message", args=[case.number]), {"body": body})
    assert answer.status_code == 422
    assert not Message.objects.exists()


def test_a_stored_file_is_downloaded_as_an_attachment(dentist_client, case):
    file = add_file(case, name='säge "1".stl')
    default_storage.write(file.key, b"solid")
    given = Downloaded(dentist_client.get(reverse("cases:download", args=[case.number, file.pk])))
    assert given.body == b"solid"
    assert given.headers["Content-Type"] == "application/octet-stream"
    assert given.headers["Content-Disposition"].startswith("attachment")


# S3 is not asked whether the object is there: the browser sees what it says.
@pytest.mark.embedded(only=True)
def test_a_stored_file_that_cannot_be_opened_gets_a_sentence(dentist_client, case):
    file = add_file(case)
    answer = dentist_client.get(reverse("cases:download", args=[case.number, file.pk]))
    assert answer.status_code == 503
    assert "cbct.zip cannot be reached just now" in answer.content.decode()


def test_a_cbct_of_many_slices_takes_one_row_from_which_each_is_downloaded(dentist_client, case):
    slices = [add_file(case, name=f"IM{number:04}", kind="cbct") for number in range(9)]
    scan = add_file(case, name="upper.stl", kind="surface_scan")
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    assert "9 files, IM0000 and on" in page
    assert page.count('data-label="Kind"') == 2
    for file in (*slices, scan):
        assert reverse("cases:download", args=[case.number, file.pk]) in page


def test_a_file_that_is_not_stored_yet_says_so(dentist_client, case):
    file = add_file(case, state="received", work_state="waiting")
    answer = dentist_client.get(reverse("cases:download", args=[case.number, file.pk]))
    assert answer.status_code == 409
    assert "not stored yet" in answer.content.decode()


def test_a_file_that_was_refused_says_why_and_is_not_waited_for(dentist_client, case):
    found = {"verdict": "infected", "virus": "Win.Test.Worm"}
    file = add_file(case, state="failed", **found)
    answer = dentist_client.get(reverse("cases:download", args=[case.number, file.pk]))
    assert answer.status_code == 409
    assert "the virus scanner found Win.Test.Worm" in answer.content.decode()
    assert "try again" not in answer.content.decode()


def test_an_rx_script_in_preparation_says_so(dentist_client, send_case):
    case = send_case()
    answer = dentist_client.get(reverse("cases:rx", args=[case.number]), follow=True)
    assert "is being prepared" in answer.content.decode()
    assert f'hx-get="/cases/{case.number}/rx/state/"' in answer.content.decode()


def test_the_confirmation_carries_the_address_of_the_record_as_a_code(dentist_client, send_case):
    case = send_case()
    page = dentist_client.get(reverse("cases:created", args=[case.number])).content.decode()
    assert case.record_url in page
    assert case.practice.email in page


@pytest.mark.parametrize(
    "number", ["0", "26-99999", "%27", "a b", "x" * 500, "26-10001%0a", "\u202e", "None"]
)
def test_a_wrong_case_number_is_a_404(dentist_client, number):
    assert dentist_client.get(f"/cases/{number}/").status_code == 404
