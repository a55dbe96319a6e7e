"""Whoever comes up to a limit gets a sentence, and loses nothing that was typed."""

import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Access, User
from cases import drafts, services
from cases.models import Attachment, Case, Draft, EmergencyGrant, Message
from portal.limits import LimitReached
from portal.models import Email, LimitHit

NEW = "/cases/new/"


@pytest.fixture
def at_most(settings):
    """A function that sets limits."""

    def limit(**numbers):
        settings.LIMITS = settings.LIMITS | numbers

    return limit


@pytest.fixture
def colleague(practice):
    return User.objects.create_user("front@harbor.example", name="Front", practice=practice)


@pytest.fixture
def typed(practice):
    return {
        "form_key": str(uuid.uuid4()),
        "patient_name": "Jane Roe",
        "dentist": str(practice.dentists.first().pk),
        "teeth": ["14"],
        "description": "One implant.",
        "signed_name": "Ada Weiss",
    }


def write(client, case, body):
    return client.post(reverse("cases:message", args=[case.number]), {"body": body})


def test_a_message_too_many_is_not_sent_and_stays_in_the_form(dentist_client, case, at_most):
    at_most(messages_an_hour_a_person=1)
    write(dentist_client, case, "First")
    answer = write(dentist_client, case, "Second words")
    assert answer.status_code == 429
    assert "You have sent 1 messages within an hour" in answer.text
    assert "Second words</textarea>" in answer.text
    assert [message.body for message in case.messages.all()] == ["First"]
    assert Email.objects.filter(kind="message_posted").count() == 1
    assert Access.objects.filter(what="message").latest("pk").is_refused
    assert LimitHit.objects.get().name == "messages_an_hour_a_person"


def test_a_practice_has_a_limit_for_all_its_members(client, case, dentist_user, colleague, at_most):
    at_most(messages_an_hour_a_practice=1)
    services.post_message(case, "First", by=dentist_user, now=timezone.now())
    client.force_login(colleague)
    answer = write(client, case, "Second")
    assert "Your practice has sent 1 messages within an hour" in answer.text


def test_after_an_hour_it_goes_on(case, dentist_user, at_most, now):
    at_most(messages_an_hour_a_person=1)
    services.post_message(case, "First", by=dentist_user, now=now)
    with pytest.raises(LimitReached):
        services.post_message(case, "Second", by=dentist_user, now=now + timedelta(minutes=59))
    services.post_message(case, "Second", by=dentist_user, now=now + timedelta(minutes=61))
    assert case.messages.count() == 2


def test_the_lab_has_a_limit_too_and_keeps_its_words(client, lab_user, case, at_most):
    at_most(messages_an_hour_a_person=0)
    client.force_login(lab_user)
    url = reverse("admin:cases_case_message", args=[case.pk])
    answer = client.post(url, {"body": "Words of the lab"})
    assert "You have sent 0 messages within an hour" in answer.text
    assert "Words of the lab</textarea>" in answer.text
    assert not Message.objects.exists()


def test_a_case_too_many_is_kept_as_a_form_and_a_second_click_still_finds_the_first(
    dentist_client, typed, at_most
):
    at_most(cases_an_hour_a_person=1)
    first = dentist_client.post(NEW, typed)
    assert dentist_client.post(NEW, typed)["Location"] == first["Location"]
    second = typed | {"form_key": str(uuid.uuid4()), "patient_name": "Second Patient"}
    answer = dentist_client.post(NEW, second)
    assert answer.status_code == 429
    assert "You have sent 1 cases within an hour" in answer.text
    assert Draft.objects.get().data["patient_name"] == ["Second Patient"]
    assert Case.objects.get().patient_name == "Jane Roe"


def test_an_update_too_many_is_kept(dentist_client, dentist_user, case, at_most):
    at_most(updates_an_hour_a_practice=0)
    url = reverse("cases:update", args=[case.number])
    seen = dentist_client.post(url, {"teeth": ["3"], "description": "Changed."}).context["seen"]
    signed = {"signed_name": "Ada Weiss", "seen": seen}
    answer = dentist_client.post(f"{url}send/", signed, follow=True)
    assert "Your practice has updated cases 0 times within an hour" in answer.text
    assert drafts.of_update(case, dentist_user).data["description"] == ["Changed."]


def test_archiving_without_end_is_refused(dentist_client, case, at_most):
    at_most(archivings_an_hour_a_person=1)
    dentist_client.post(reverse("cases:archive", args=[case.number]))
    answer = dentist_client.post(reverse("cases:unarchive", args=[case.number]), follow=True)
    assert "You have archived or put back cases 1 times within an hour" in answer.text
    case.refresh_from_db()
    assert case.archived_at


def test_the_list_is_downloaded_so_many_times_an_hour(dentist_client, case, at_most):
    at_most(exports_an_hour_a_person=1)
    assert dentist_client.get("/cases/export.csv")["Content-Type"].startswith("text/csv")
    answer = dentist_client.get("/cases/export.csv", follow=True)
    assert "You have downloaded the list 1 times within an hour" in answer.text


def test_emergency_access_has_a_limit(client, make_staff, case, at_most):
    at_most(emergencies_an_hour_a_person=0)
    client.force_login(make_staff("Emergency"))
    typed = {"number": case.number, "reason": "The patient is in pain on a Sunday."}
    answer = client.post(reverse("cases:emergency"), typed)
    assert "You have opened 0 cases within an hour" in answer.text
    assert "in pain on a Sunday" in answer.text
    assert not EmergencyGrant.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("unfinished_uploads_a_person", "1 of your uploads are not finished yet"),
        ("files_a_form", "A form takes 1 files"),
        ("uploads_an_hour_a_person", "You have begun 1 uploads within an hour"),
        ("uploads_an_hour_a_practice", "Your practice has begun 1 uploads within an hour"),
        ("unsent_files_a_person", "You have 1 files in forms that are not sent yet"),
        ("unsent_files_a_practice", "Your practice has 1 files in forms that are not sent yet"),
    ],
)
def test_one_file_too_many_is_refused(program, at_most, limit, words):
    at_most(**{limit: 1})
    form = str(uuid.uuid4())
    assert program.create(10, form=form).status_code == 201
    answer = program.create(10, form=form)
    assert (answer.status_code, words in answer.text) == (429, True)
    assert Attachment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("whose", ["person", "practice"])
def test_bytes_that_nobody_sends_have_a_limit(program, at_most, whose):
    at_most(**{f"unsent_gigabytes_a_{whose}": 1})
    assert program.create(600 * 1000**2).status_code == 201
    answer = program.create(600 * 1000**2)
    assert (answer.status_code, "more than 1 GB" in answer.text) == (429, True)


@pytest.mark.django_db(transaction=True)
def test_a_case_has_so_many_files_and_no_more(program, at_most, case):
    at_most(files_a_case=0)
    answer = program.create(10, case=case.number, form=str(drafts.update_key(case)))
    assert (answer.status_code, "A case takes 0 files" in answer.text) == (429, True)


@pytest.mark.django_db(transaction=True)
def test_of_ten_at_once_no_more_get_through_than_of_ten_in_a_row(
    case, dentist_user, at_most, at_once
):
    at_most(messages_an_hour_a_person=3)
    post = partial(services.post_message, case, "Hello", by=dentist_user, now=timezone.now())
    assert sorted(at_once(*[post] * 10)) == ["LimitReached"] * 7 + ["done"] * 3
    assert case.messages.count() == 3


def test_a_case_in_the_future_counts_for_no_hour(send_case, at_most, now):
    at_most(cases_an_hour_a_person=1)
    send_case(now=now + timedelta(hours=5))
    assert send_case(now=now).pk
