"""What is kept of a form that is not sent, and how many of them."""

import uuid

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts import unsent
from cases import drafts
from cases.forms import CaseForm, SignatureForm
from cases.models import Draft, Message

NEW = "/cases/new/"
LISTED = "You have as many forms that are not sent yet as are kept"


def posted(**fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name, value if isinstance(value, list) else [value])
    return data


def address(key):
    return reverse("cases:keep_draft", args=[key])


@pytest.fixture
def full(dentist_user, settings):
    """Somebody with as many drafts as there may be, which are two."""
    settings.LIMITS = settings.LIMITS | {"drafts_a_person": 2}
    names = [{"patient_name": ["Ann Lee"]}, {"description": ["No name yet"]}]
    return [Draft.objects.create(user=dentist_user, data=data) for data in names]


def test_every_field_of_the_forms_is_kept(practice):
    fields = {*CaseForm(practice=practice).fields, *SignatureForm().fields}
    kept = {name for name in drafts.LIMITS if not name.startswith("implant_")}
    assert fields - {"teeth"} == kept - {"revision"}


def test_nothing_else_of_what_was_posted_is_kept(dentist_user):
    data = posted(patient_name="Ann", teeth=["14", "x" * 999, "14"], csrfmiddlewaretoken="t", x="y")
    data.setlist("description", ["first", "last"])
    draft = drafts.keep(uuid.uuid4(), data, by=dentist_user)
    assert draft.data == {"patient_name": ["Ann"], "description": ["last"], "teeth": ["14"]}


def test_a_form_in_which_nothing_was_typed_is_not_kept(dentist_client, dentist_user, practice):
    practice.shipping_address = "1 Dock\nAugusta"
    practice.save()
    key, dentist = uuid.uuid4(), practice.dentists.get().pk
    opened = {"form_key": key, "dentist": dentist, "shipping_address": "1 Dock\r\nAugusta"}
    assert dentist_client.post(NEW, opened).status_code == 422
    assert dentist_client.post(address(key), opened).status_code == 204
    assert not Draft.objects.exists()
    dentist_client.post(address(key), opened | {"patient_name": "Ann"})
    dentist_client.post(address(key), opened)
    assert Draft.objects.get().data == {}
    assert not drafts.unsent(dentist_user)


def test_a_megabyte_is_not_kept_and_the_page_says_so(dentist_client):
    typed = {"description": "x" * 10**6, "implant_14": "y" * 999}
    answer = dentist_client.post(address(uuid.uuid4()), typed)
    assert answer.status_code == 200
    assert "(description, implant 14): only the first 40,000, 480 characters are" in answer.text
    kept = Draft.objects.get().data
    assert (len(kept["description"][0]), len(kept["implant_14"][0])) == (40_000, 480)


def test_a_form_with_errors_says_what_of_it_is_not_kept_and_shows_all(dentist_client):
    answer = dentist_client.post(NEW, {"description": "x" * 100_000, "form_key": uuid.uuid4()})
    assert answer.status_code == 422
    assert "has 100,000 characters. Please shorten it to 10,000" in answer.text
    assert "only the first 40,000 characters are" in answer.text
    assert "x" * 100_000 in answer.text


def test_an_update_that_was_cut_is_not_offered_to_be_signed(dentist_client, case):
    # Marks that are taken out: what is left of it would be short enough.
    typed = {"teeth": ["3"], "description": "Words" + "\u200b" * 50_000 + "more"}
    answer = dentist_client.post(reverse("cases:update", args=[case.number]), typed)
    assert answer.status_code == 422
    assert "only the first 40,000 characters are" in answer.text


def test_one_draft_too_many_is_not_kept_and_the_page_is_told(dentist_client, full):
    answer = dentist_client.post(address(uuid.uuid4()), {"patient_name": "Third"})
    assert answer.status_code == 429
    assert "You have 2 forms that are not sent yet" in answer.text
    assert Draft.objects.count() == 2
    # Those that are there go on being kept.
    assert dentist_client.post(address(full[0].pk), {"patient_name": "Ann"}).status_code == 204


def test_the_form_says_before_anything_is_typed_that_it_is_not_kept(dentist_client, full):
    page = dentist_client.get(NEW).text
    assert LISTED in page
    for draft in full:
        assert reverse("cases:discard_draft", args=[draft.pk]) in page
    assert "Ann Lee" in page
    assert "New case without a patient name" in page


def test_a_form_with_errors_stays_on_the_page_when_it_cannot_be_kept(dentist_client, full):
    answer = dentist_client.post(NEW, {"patient_name": "Third Patient", "form_key": uuid.uuid4()})
    assert answer.status_code == 422
    assert "what is typed here is not kept" in answer.text
    assert "Third Patient" in answer.text
    assert LISTED in answer.text


def test_an_update_stays_on_the_page_when_it_cannot_be_kept(dentist_client, case, full):
    url = reverse("cases:update", args=[case.number])
    assert LISTED in dentist_client.get(case.get_absolute_url()).text
    typed = {"teeth": ["3"], "description": "Third words"}
    answer = dentist_client.post(url, typed)
    assert answer.status_code == 422
    assert "Third words" in answer.text
    dentist_client.post(reverse("cases:discard_draft", args=[full[0].pk]))
    assert "What will be sent" in dentist_client.post(url, typed).text


def test_a_form_that_was_sent_and_changed_stays_on_the_page_when_it_cannot_be_kept(
    dentist_client, send_case, full
):
    case = send_case()
    typed = {
        "form_key": case.form_key, "patient_name": "Another", "dentist": case.dentist_id,
        "teeth": ["14"], "description": "Words.", "signed_name": "Ada",
    }  # fmt: skip
    answer = dentist_client.post(NEW, typed)
    assert answer.status_code == 409
    assert "before you changed it" in answer.text
    assert "Another" in answer.text


def test_who_was_signed_out_and_may_keep_no_more_forms_loses_nothing(
    client, dentist_user, send_case, full
):
    case, new = send_case(), drafts.place_of_new(uuid.uuid4())
    update = f"{case.get_absolute_url()}#update"
    for url, place in (NEW, new), (reverse("cases:update", args=[case.number]), update):
        token = unsent.token(dentist_user, place)
        client.post(url, {"form_token": token, "description": "Words of mine"})
        client.force_login(dentist_user)
        for _ in "twice":
            page = client.get(place)
            assert page.context["form"].initial["description"] == "Words of mine"
            assert "You have" in page.text
        client.logout()
    assert Draft.objects.count() == 2


def test_a_colleagues_update_goes_on_and_counts_for_who_began_it(
    client, dentist_user, case, practice, full
):
    front = type(dentist_user).objects.create_user("f@harbor.example", name="F", practice=practice)
    key = drafts.update_key(case)
    drafts.keep(key, posted(description="Begun"), case, by=front)
    client.force_login(dentist_user)
    answer = client.post(address(key), {"description": "Gone on", "case": case.number})
    assert answer.status_code == 204
    draft = Draft.objects.get(pk=key)
    assert (draft.user, draft.data["description"]) == (front, ["Gone on"])


def test_pages_that_list_drafts_read_names_and_not_contents(
    dentist_user, case, django_assert_num_queries
):
    update = drafts.keep(
        drafts.update_key(case), posted(description="z" * 99), case, by=dentist_user
    )
    new = drafts.keep(uuid.uuid4(), posted(patient_name="Ann", description="w"), by=dentist_user)
    with django_assert_num_queries(1):
        listed = {row["form_key"]: row for row in drafts.unsent(dentist_user)}
    assert (listed[update.pk]["name"], listed[update.pk]["number"]) == ("Jane Roe", case.number)
    assert (listed[new.pk]["name"], listed[new.pk]["number"]) == ("Ann", None)
    assert set(listed[new.pk]) == {
        "form_key", "updated_at", "files", "is_mine", "is_typed", "name", "number", "progress",
    }  # fmt: skip


def test_old_messages_and_revisions_are_a_link_away(dentist_client, dentist_user, case):
    Message.objects.bulk_create(
        Message(case=case, author=dentist_user, body=f"Body {number}.", created_at=timezone.now())
        for number in range(60)
    )
    for revision in range(1, 26):
        case.prescriptions.create(revision=revision, snapshot={}, work_state="done")
    page = dentist_client.get(case.get_absolute_url()).text
    assert ("Body 59." in page, "Body 9." in page) == (True, False)
    assert "?messages=2#messages" in page
    assert "?rx=2#prescriptions" in page
    older = dentist_client.get(case.get_absolute_url(), {"messages": "2", "rx": "2"}).text
    assert ("Body 59." in older, "Body 9." in older) == (False, True)
    assert f"/cases/{case.number}/rx/5/" in older
    assert "in force" not in older


@pytest.mark.parametrize("asked", ["0", "-1", "x", "²", "99999", "9" * 40])
def test_a_stretch_that_is_not_there_is_the_newest(dentist_client, dentist_user, case, asked):
    Message.objects.create(case=case, author=dentist_user, body="The only one")
    assert "The only one" in dentist_client.get(case.get_absolute_url(), {"messages": asked}).text
