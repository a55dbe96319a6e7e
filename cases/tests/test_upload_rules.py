"""Who may upload what, and the sentences for those who may not."""

import uuid
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cases import drafts
from cases.files import uploads
from cases.models import Attachment, Draft, RemovedFile
from cases.progress import Progress
from cases.tests.tus_program import BYTES, Program, encoded, offset_of
from portal.http import slots

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("headers", "status", "words"),
    [
        ({"Upload-Length": "0"}, 400, "is empty"),
        ({"Upload-Length": "-5"}, 400, "whole number"),
        ({"Upload-Length": "9" * 30}, 400, "whole number"),
        ({"Upload-Length": str(10**15)}, 413, "the largest file the lab takes"),
        ({"Upload-Defer-Length": "1"}, 400, "cannot follow later"),
        ({"Upload-Metadata": "filename %%%"}, 400, "broken"),
        ({"Upload-Metadata": "filename /w=="}, 400, "broken"),
        ({"Upload-Metadata": "a YQ==,a YQ=="}, 400, "twice"),
        ({"Upload-Metadata": "filename YQ==,form YQ=="}, 400, "form is missing"),
        ({"Tus-Resumable": "2"}, 412, "tus 1.0.0"),
    ],
)
def test_a_senseless_announcement_gets_a_sentence(program, headers, status, words):
    answer = program.create(100, headers=headers)
    assert answer.status_code == status
    assert words in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert not Attachment.objects.exists()


def test_a_client_that_knows_no_forms_may_send_a_file_that_waits_alone(program):
    answer = program.create(100, headers={"Upload-Metadata": "filename YQ=="})
    assert answer.status_code == 201
    assert Attachment.objects.get().case is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("a\nb\u202egnp.stl", "a bgnp.stl"),
        ("", "unnamed"),
        ("é" * 300 + ".stl", "é" * 125 + ".stl"),
    ],
)
def test_names_are_made_safe(program, sent, kept):
    assert program.create(1, sent).status_code == 201
    assert Attachment.objects.get().name == kept


def test_a_file_that_does_not_fit_on_the_disk_is_refused(program, settings):
    settings.MAX_UPLOAD_BYTES = 10**18
    answer = program.create(10**17)
    assert answer.status_code == 507
    assert "has no room" in answer.text


def test_many_unfinished_uploads_are_refused(program, dentist_user, practice):
    Attachment.objects.bulk_create(
        Attachment(practice=practice, uploaded_by=dentist_user, name="a", size=1, key=f"{number}")
        for number in range(200)
    )
    assert program.create(1).status_code == 429


def test_an_expired_session_gets_a_sentence_not_a_sign_in_page(program, location):
    program.append(location, 0, b"x" * 10)
    del program.cookies["sessionid"]
    for answer in (
        program.append(location, 10, b"y"),
        program.create(5),
        program.options("/files/"),
    ):
        assert answer.status_code == 401
        assert "Nothing is lost" in answer.text
    assert Attachment.objects.get().received_bytes == 10


def test_a_request_without_csrf_token_is_refused(program, location):
    assert program.append(location, 0, b"x", **{"X-CSRFToken": ""}).status_code == 403
    assert offset_of(program, location) == 0


def test_another_practices_form_is_not_there(program, other_practice_user):
    draft = Draft.objects.create(user=other_practice_user)
    assert program.create(5, form=draft.pk).status_code == 404


def test_another_practices_case_is_not_there(program, case, live_server, other_practice_user):
    other = Program(live_server, other_practice_user)
    assert other.create(5, case=case.number).status_code == 404
    assert other.create(5, form=case.form_key).status_code == 404
    assert program.create(5, case="26-99999").status_code == 404


def test_a_read_only_case_takes_no_files(program, make_case):
    case = make_case(progress=Progress.MANUFACTURING)
    answer = program.create(5, case=case.number)
    assert answer.status_code == 403
    assert "takes no more files" in answer.text


def test_a_file_for_an_update_waits_for_submit(program, case):
    item = case.missing_items.create(reason="no_cbct")
    answer = program.create(5, case=case.number, answers=str(item.pk))
    assert answer.status_code == 201
    file = Attachment.objects.get()
    assert (file.case, file.answers) == (None, item)


def test_a_file_from_a_page_older_than_the_last_update_joins_the_next_one(program, send_case):
    case = send_case()
    old = drafts.update_key(case)
    case.prescriptions.create(revision=2, snapshot={})
    assert program.create(5, form=old, case=case.number).status_code == 201
    assert Attachment.objects.get().form_key == drafts.update_key(case)


def test_a_file_that_answers_another_case_is_refused(program, case, make_case):
    item = make_case().missing_items.create(reason="no_cbct")
    for text in (str(item.pk), "x", "9" * 40):
        assert program.create(5, case=case.number, answers=text).status_code == 404


def test_a_file_of_a_form_that_was_just_submitted_joins_its_case(program, send_case):
    case = send_case()
    program.create(5, form=case.form_key)
    file = Attachment.objects.get()
    assert (file.case, file.revision) == (case, 1)


def test_a_file_goes_on_uploading_after_submit(program, location, case):
    program.append(location, 0, b"x" * 400)
    Attachment.objects.update(case=case)
    program.append(location, 400, b"y" * 600)
    assert Attachment.objects.get().state == "stored"


def test_a_removed_file_leaves_nothing(program, stored):
    location = program.create(5, body=b"bytes", headers=BYTES).headers["Location"]
    key = Attachment.objects.get().key
    assert stored(key).exists()
    assert program.delete(location).status_code == 204
    assert not stored(key).exists()
    assert not Attachment.objects.exists()
    assert program.head(location).status_code == 404


def test_an_unfinished_upload_can_be_removed(program, location):
    program.append(location, 0, b"x")
    path = Attachment.objects.get().staging_path
    answer = program.post(location, headers={"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 204
    assert not path.exists()


def test_a_file_of_a_case_stays(program, location, case):
    Attachment.objects.update(case=case)
    answer = program.delete(location)
    assert answer.status_code == 403
    assert "stays with it" in answer.text
    assert Attachment.objects.count() == 1


def test_an_upload_of_a_form_that_was_left_is_gone(program, location):
    Attachment.objects.update(created_at=timezone.now() - timedelta(days=20))
    assert program.head(location).status_code == 200
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=14, minutes=1))
    assert program.head(location).status_code == 410
    assert program.append(location, 0, b"x").status_code == 410


def test_the_files_of_a_form_are_listed_for_the_practice_alone(
    program, live_server, other_practice_user
):
    form = uuid.uuid4()
    location = program.create(1000, "lower <b>.stl", form=form).headers["Location"]
    program.append(location, 0, b"x" * 420)
    page = program.get(f"/files/?form={form}").text
    assert "lower &lt;b&gt;.stl" in page
    assert "Unfinished, 42 %" in page
    other = Program(live_server, other_practice_user)
    assert "lower" not in other.get(f"/files/?form={form}").text
    assert program.get("/files/?form=x").status_code == 400
    assert program.get(f"/files/?form={form}&answers={'9' * 4400}").status_code == 200


@pytest.mark.parametrize(
    ("whose", "most"),
    [
        ("of person {0.pk}", uploads.AT_ONCE_A_PERSON),
        ("from 127.0.0.1", uploads.AT_ONCE_AN_ADDRESS),
    ],
)
def test_an_upload_that_is_one_too_many_is_asked_to_come_again(
    program, location, dentist_user, settings, tmp_path, whose, most
):
    settings.DATA_DIR = tmp_path
    with ExitStack() as others:
        for _ in range(most):
            others.enter_context(slots.taken(f"uploads {whose.format(dentist_user)}", most))
        answer = program.append(location, 0, b"x" * 10)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
        assert "it goes on by itself" in answer.text
        others.pop_all().close()
        assert program.append(location, 0, b"x" * 10).status_code == 204


# A form lives as long as somebody goes on with it
def age(days):
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=days))


def age_of(draft_key):
    return (timezone.now() - Draft.objects.get(pk=draft_key).updated_at).days


def test_a_file_begins_the_form_it_is_for(program, dentist_user):
    key = uuid.uuid4()
    program.create(10, form=key)
    draft = Draft.objects.get()
    assert (draft.pk, draft.user, draft.case, draft.data) == (key, dentist_user, None, {})


def test_a_file_of_an_update_begins_that(program, case, dentist_user):
    program.create(10, case=case.number)
    draft = Draft.objects.get()
    assert (draft.pk, draft.case) == (drafts.update_key(case), case)


def test_an_upload_renews_its_form_when_it_begins_and_when_it_is_in(program, dentist_user):
    key = uuid.uuid4()
    Draft.objects.create(pk=key, user=dentist_user, data={"patient_name": ["Ann"]})
    age(days=9)
    location = program.create(10, form=key).headers["Location"]
    assert age_of(key) == 0
    age(days=9)
    program.append(location, 0, b"x" * 10)
    assert age_of(key) == 0
    assert Draft.objects.get().data == {"patient_name": ["Ann"]}


def test_a_file_that_names_no_form_and_one_of_a_case_begin_none(program, send_case):
    program.post(
        "/files/", headers={"Upload-Length": "9", "Upload-Metadata": encoded({"filename": "a.stl"})}
    )
    case = send_case()
    program.create(10, form=case.form_key)
    assert Attachment.objects.filter(case=case).exists()
    assert not Draft.objects.exists()


def test_a_refused_file_neither_begins_nor_renews_a_form(program, other_practice_user):
    theirs = Draft.objects.create(user=other_practice_user)
    age(days=9)
    assert program.create(10, form=theirs.pk).status_code == 404
    assert program.create(0, form=uuid.uuid4()).status_code == 400
    assert (Draft.objects.get(), age_of(theirs.pk)) == (theirs, 9)


def test_empty_forms_leave_room_for_what_is_typed(program, dentist_client, settings):
    settings.LIMITS = settings.LIMITS | {"drafts_a_person": 1}
    for _ in range(2):
        assert program.create(10).status_code == 201
    keys = list(Draft.objects.values_list("pk", flat=True))
    answers = [
        dentist_client.post(reverse("cases:keep_draft", args=[key]), {"patient_name": "Ann"})
        for key in keys
    ]
    assert [answer.status_code for answer in answers] == [204, 429]


def test_a_file_that_is_chosen_again_is_not_named_as_removed_any_more(program, practice):
    key = uuid.uuid4()
    for name in "cbct.zip", "upper.stl":
        RemovedFile.objects.create(form_key=key, practice=practice, name=name)
    program.create(10, "cbct.zip", form=key)
    assert [file.name for file in RemovedFile.objects.all()] == ["upper.stl"]
