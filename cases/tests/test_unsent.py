"""Forms that were begun and not sent: found again, told of, and named when their files are gone."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import Access, User
from cases import drafts, periodic
from cases.models import Attachment, Draft, RemovedFile
from cases.progress import Progress
from portal.models import Email, Host

pytestmark = pytest.mark.django_db
NEW, DAY = "/cases/new/", timedelta(days=1)
AT = datetime(2026, 11, 30, 7, 33, tzinfo=UTC)  # 2:33 AM in New York


@pytest.fixture
def colleague(practice):
    return User.objects.create_user("fay@harbor.example", name="Fay Desk", practice=practice)


@pytest.fixture
def begin(dentist_user):
    """A function that makes a form with so many files and fields, kept at a moment."""

    def make(files=1, at=AT, case=None, user=dentist_user, **typed):
        key = drafts.update_key(case) if case else uuid.uuid4()
        data = {name: [value] for name, value in typed.items()}
        draft = Draft.objects.create(
            pk=key, user=user, case=case, data=data, updated_at=at, typed_at=at
        )
        for number in range(files):
            add_file(draft, f"slice{number}.dcm", received_at=at)
        return draft

    return make


def add_file(draft, name="cbct.zip", **fields):
    fields = {"state": "stored", "work_state": "done", "size": 5, **fields}
    return Attachment.objects.create(
        form_key=draft.pk,
        practice=draft.user.practice,
        uploaded_by=draft.user,
        name=name,
        created_at=fields.get("received_at") or timezone.now(),
        **fields,
    )


def words(page):
    return " ".join(page.split())


# Found again
@pytest.mark.parametrize("place", ["/", "/cases/"])
def test_a_form_without_a_patient_is_offered_on_the_first_page_and_in_the_list(
    dentist_client, begin, place
):
    draft = begin(files=1, description="Guide for one implant")
    page = words(dentist_client.get(place).text)
    assert "Not sent yet" in page
    assert f'href="{drafts.place_of_new(draft.pk)}"' in page
    assert "without a patient name</a>, 1 file, Nov 30, 2026, 2:33 AM EST" in page


def test_another_form_offers_it_too(dentist_client, begin):
    draft = begin(files=1, description="Guide for one implant")
    page = words(dentist_client.get(NEW).text)
    assert f'href="{drafts.place_of_new(draft.pk)}"' in page
    assert "without a patient name</a>, 1 file, Nov 30, 2026, 2:33 AM EST" in page
    assert "Not sent yet" not in dentist_client.get(drafts.place_of_new(draft.pk)).text


def test_the_patient_is_named_once_somebody_typed_a_name(dentist_client, begin):
    begin(files=2, patient_name="Ann Lee")
    begin(files=0, patient_name="Ben Ode")
    page = words(dentist_client.get("/").text)
    assert "New case for Ann Lee</a>, 2 files," in page
    assert "New case for Ben Ode</a>, no files," in page


def test_updates_are_offered_with_their_case(dentist_client, begin, case):
    begin(files=3, case=case)
    page = words(dentist_client.get("/").text)
    assert f"Update of case {case.number}, Jane Roe</a>, 3 files, Nov 30, 2026, 2:33 AM" in page
    assert f'href="{case.get_absolute_url()}#update"' in page


def test_an_update_that_comes_too_late_says_so(dentist_client, begin, make_case):
    begin(case=make_case(progress=Progress.MANUFACTURING))
    page = words(dentist_client.get("/").text)
    assert "Manufacturing by now and takes no more updates here." in page


def test_one_sees_ones_own_new_cases_and_the_updates_of_the_practice(
    client, begin, case, colleague, other_practice_user, lab_user
):
    begin(patient_name="Ann Lee")
    begin(case=case)
    client.force_login(colleague)
    page = client.get("/").text
    assert (f"Update of case {case.number}" in page, "Ann Lee" in page) == (True, False)
    # Only who began it may throw it away.
    assert "Discard" not in page
    for stranger in other_practice_user, lab_user:
        client.force_login(stranger)
        assert "Not sent yet" not in client.get("/").text


def test_nothing_is_offered_when_nothing_waits(dentist_client, begin):
    begin(files=0)  # its file was taken out again
    for place in "/", "/cases/", NEW:
        assert "Not sent yet" not in dentist_client.get(place).text


def test_the_access_log_tells_who_saw_the_names(dentist_client, dentist_user, begin):
    dentist_client.get("/")
    assert not Access.objects.filter(what="form").exists()
    begin(patient_name="Ann Lee")
    dentist_client.get("/")
    row = Access.objects.get(what="form")
    assert (row.user, row.action, row.item) == (dentist_user, "opened", "not sent yet")


def test_of_very_many_the_newest_are_shown(dentist_client, begin, settings):
    settings.LIMITS = settings.LIMITS | {"drafts_a_person": 2}
    for number in range(3):
        begin(at=AT + number * DAY, patient_name=f"Patient {number}")
    page = dentist_client.get("/").text
    assert ("Patient 0" in page, "Patient 1" in page, "Patient 2" in page) == (False, True, True)
    assert 'href="?unsent=2#not-sent">Show older forms' in page
    assert "Patient 0" in dentist_client.get("/", {"unsent": "2"}).text


def test_a_discarded_form_takes_its_files_along(
    dentist_client, begin, django_capture_on_commit_callbacks
):
    draft, other = begin(files=2, patient_name="Ann Lee"), begin(files=1)
    Host.heard_from()
    with django_capture_on_commit_callbacks(execute=True):
        answer = dentist_client.post(reverse("cases:discard_draft", args=[draft.pk]), follow=True)
    assert "The unfinished form is discarded, with 2 files." in answer.text
    assert list(Draft.objects.all()) == [other]
    assert [file.form_key for file in Attachment.objects.all()] == [other.pk]


def test_files_alone_are_not_said_to_be_typed(dentist_client, begin, case):
    begin(files=1, case=case)
    page = words(dentist_client.get(case.get_absolute_url()).text)
    assert "Not sent yet:</strong> 1 uploaded file. Submit" in page
    assert "Guide for one implant" in page or case.teeth == ["14"]


def test_an_update_of_which_only_files_came_cannot_be_signed(dentist_client, begin, case):
    begin(files=1, case=case)
    answer = dentist_client.post(reverse("cases:send_update", args=[case.number]), follow=True)
    assert "was sent already" in answer.text
    assert case.prescriptions.count() == 0


# Told of
def remind():
    periodic.remind_of_unsent()
    return list(Email.objects.filter(kind="form_unsent"))


def test_after_a_day_one_mail_goes_to_who_typed_it(begin, dentist_user, practice):
    draft = begin(files=2, at=timezone.now() - 1.1 * DAY, patient_name="Ann Lee")
    begin(files=2, at=timezone.now() - 0.9 * DAY)
    (mail,) = remind()
    assert (mail.to, mail.subject) == (dentist_user.email, "A new case is not sent yet")
    assert "what was typed and 2 files" in mail.text
    assert drafts.place_of_new(draft.pk) in mail.text
    assert "Ann" not in mail.text + mail.subject


def test_the_mail_says_since_when_and_until_when(begin, monkeypatch):
    begin(files=1, at=AT)
    monkeypatch.setattr(periodic.timezone, "now", lambda: AT + 2 * DAY)
    (mail,) = remind()
    assert "since Monday, November 30, 2026, 2:33 AM EST" in mail.text
    assert "until Monday, December 14, 2026" in mail.text
    assert "1 file." in words(mail.text)


def test_a_form_is_told_of_once_however_long_it_waits(begin):
    draft = begin(at=timezone.now() - 2 * DAY)
    remind()
    Draft.objects.update(updated_at=timezone.now() - 3 * DAY)
    assert len(remind()) == 1
    drafts.keep(draft.pk, QueryDict("patient_name=Ann"), by=draft.user)
    Draft.objects.update(updated_at=timezone.now() - 3 * DAY)
    assert len(remind()) == 1


def test_the_mail_about_an_update_names_the_case_and_no_patient(begin, case):
    begin(files=0, case=case, at=timezone.now() - 2 * DAY, description="Another guide")
    (mail,) = remind()
    assert mail.subject == f"Your update of case {case.number} is not sent yet"
    assert "what was typed." in words(mail.text)
    assert case.record_url in mail.text
    assert "Jane" not in mail.text + mail.subject


def test_nobody_is_told_of_what_was_sent_or_is_empty_or_cannot_be_opened(
    begin, case, other_practice_user
):
    long_ago = timezone.now() - 2 * DAY
    begin(files=0, at=long_ago)
    Draft.objects.create(pk=case.form_key, user=case.created_by, updated_at=long_ago, data={"x": 1})
    begin(user=other_practice_user, at=long_ago)
    User.objects.filter(pk=other_practice_user.pk).update(is_active=False)
    assert remind() == []


def test_the_lab_sees_on_a_red_case_that_files_wait(client, lab_user, begin, make_case):
    red, calm = make_case(progress=Progress.MISSING), make_case(progress=Progress.READY)
    for case in red, calm:
        begin(files=2, case=case, description="Secret words")
    client.force_login(lab_user)
    page = words(client.get(reverse("admin:cases_case_change", args=[red.pk])).text)
    assert "2 files wait unsent at the practice since Nov 30, 2026, 2:33 AM EST" in page
    assert "slice0" not in page
    assert "Secret words" not in page
    page = client.get(reverse("admin:cases_case_change", args=[calm.pk])).text
    assert "wait unsent" not in page


# Named when they are gone
@pytest.fixture
def expire(db, django_capture_on_commit_callbacks):
    Host.heard_from()

    def run():
        with django_capture_on_commit_callbacks(execute=True):
            periodic.expire_uploads()

    return run


def removed_on(moment):
    RemovedFile.objects.update(removed_at=moment)


GONE = "cbct.zip was removed on Dec 14, 2026 because the form was not sent. Choose it again."


def test_a_form_names_the_files_that_were_removed(dentist_client, begin, expire):
    draft = begin(files=0, at=timezone.now() - 15 * DAY)
    add_file(draft, received_at=timezone.now() - 15 * DAY)
    expire()
    removed_on(AT + 14 * DAY)
    page = dentist_client.get(drafts.place_of_new(draft.pk)).text
    assert GONE in words(page)
    assert GONE in words(dentist_client.get(f"/files/?form={draft.pk}&answers=").text)
    assert GONE not in words(dentist_client.get(NEW).text)


def test_two_who_remove_a_file_at_once_leave_its_name_once(begin):
    file = add_file(begin(files=0))
    again = Attachment.objects.get(pk=file.pk)
    for one in (file, again):
        drafts.remove_left(one, timezone.now())
    assert RemovedFile.objects.count() == 1


def test_a_red_case_names_them_where_they_were_missed(dentist_client, begin, make_case, expire):
    case = make_case(progress=Progress.MISSING)
    item = case.missing_items.create(reason="no_cbct")
    draft = begin(files=0, case=case, at=timezone.now() - 15 * DAY)
    add_file(draft, answers=item, received_at=timezone.now() - 15 * DAY)
    expire()
    removed_on(AT + 14 * DAY)
    page = words(dentist_client.get(case.get_absolute_url()).text)
    assert page.count(GONE) == 1
    assert page.index("No CBCT") < page.index(GONE) < page.index("Update this case")


def test_an_upload_that_was_never_finished_is_named_too(begin, expire):
    draft = begin(files=0, at=timezone.now() - 15 * DAY)
    add_file(draft, state="uploading", work_state="waiting")
    Attachment.objects.update(created_at=timezone.now() - 15 * DAY)
    expire()
    assert RemovedFile.objects.get().name == "cbct.zip"


def test_what_people_took_out_or_was_refused_is_not_named(dentist_client, begin, expire):
    draft = begin(files=0)
    file = add_file(draft)
    dentist_client.delete(f"/files/{file.pk}/", headers={"Tus-Resumable": "1.0.0"})
    add_file(draft, state="failed", verdict="infected", received_at=timezone.now() - 15 * DAY)
    Draft.objects.update(updated_at=timezone.now() - 15 * DAY)
    expire()
    assert not RemovedFile.objects.exists()


def test_the_names_are_for_the_practice_alone(
    client, begin, expire, colleague, other_practice_user, lab_user
):
    draft = begin(files=1, at=timezone.now() - 15 * DAY)
    expire()
    seen = [
        RemovedFile.objects.visible_to(user).exists()
        for user in (draft.user, colleague, other_practice_user, lab_user)
    ]
    assert seen == [True, True, False, False]
    client.force_login(other_practice_user)
    assert "slice0" not in client.get(drafts.place_of_new(draft.pk)).text


def test_names_go_with_time_and_when_the_form_is_sent(begin, expire, send_case):
    draft = begin(files=2, at=timezone.now() - 15 * DAY)
    expire()
    send_case(form_key=draft.pk)
    assert not RemovedFile.objects.exists()
    begin(files=1, at=timezone.now() - 15 * DAY)
    expire()
    removed_on(timezone.now() - 13.9 * DAY)
    expire()
    assert RemovedFile.objects.exists()
    removed_on(timezone.now() - 14.1 * DAY)
    expire()
    assert not RemovedFile.objects.exists()
