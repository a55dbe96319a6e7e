import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import unsent
from accounts.models import Unsent, User
from accounts.periodic import forget_unsent
from accounts.tests.conftest import PASSWORD, sign_in

ACCOUNT = "/account/"


@pytest.fixture
def filled(practice):
    """The practice's form as it may be sent."""
    return {
        "save_practice": "1",
        "email": "new@harbor.example",
        "phone": "(555) 010-0123",
        "shipping_address": "2 Quay\nPortland, ME",
        "time_zone": "America/Denver",
        "tooth_numbering": "palmer",
    }


def test_members_change_phone_address_zone_and_numbering(dentist_client, practice, filled):
    answer = dentist_client.post(ACCOUNT, filled, follow=True)
    practice.refresh_from_db()
    assert "Your changes are saved." in answer.content.decode()
    assert practice.email == "front@harbor.example"
    assert practice.shipping_address == "2 Quay\nPortland, ME"
    assert (practice.time_zone, practice.tooth_numbering) == ("America/Denver", "palmer")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", ""),
        ("email", "a@b.example\nBcc: x@y.example"),
        ("time_zone", "Mars/Olympus"),
        ("tooth_numbering", "roman"),
        ("phone", "x" * 41),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_typed_kept(
    owner_client, practice, filled, field, value
):
    answer = owner_client.post(ACCOUNT, {**filled, field: value})
    practice.refresh_from_db()
    assert "Nothing was saved yet" in answer.content.decode()
    assert "2 Quay" in answer.content.decode()
    assert practice.tooth_numbering == "universal"


def test_the_name_of_the_practice_and_licenses_cannot_be_changed_here(
    dentist_client, practice, filled
):
    dentist_client.post(ACCOUNT, {**filled, "name": "Taken over", "license_number": "1"})
    practice.refresh_from_db()
    assert practice.name == "Harbor Dental"
    page = dentist_client.get(ACCOUNT).content.decode()
    assert "D-4711" in page
    assert "?subject=Please%20change%20the%20name%20of%20our%20practice" in page
    assert "?subject=Please%20change%20a%20license" in page


def test_people_change_their_own_name(dentist_client, dentist_user):
    dentist_client.post(ACCOUNT, {"save_name": "1", "name": " Ada\u202e  Moss "})
    dentist_user.refresh_from_db()
    assert dentist_user.name == "Ada Moss"
    answer = dentist_client.post(ACCOUNT, {"save_name": "1", "name": "\u200b"})
    assert "Please type your name." in answer.content.decode()


def test_lab_staff_have_an_account_page_without_a_practice(client, lab_user):
    client.force_login(lab_user)
    assert client.get(ACCOUNT).status_code == 200
    assert client.post(ACCOUNT, {"save_practice": "1", "email": "x"}).status_code == 200


def test_a_person_is_of_a_practice_or_of_the_lab(practice):
    person = User(email="x@y.example", name="X", practice=practice, is_staff=True)
    person.set_password("a-guide-for-the-drill")
    with pytest.raises(ValidationError, match="Lab staff belong to no practice"):
        person.full_clean()


def test_saving_writes_nothing_but_what_the_form_holds(dentist_client, filled):
    with CaptureQueriesContext(connection) as queries:
        dentist_client.post(ACCOUNT, filled)
        dentist_client.post(ACCOUNT, {"save_name": "1", "name": "Ada W."})
    writes = [q["sql"] for q in queries if q["sql"].startswith("UPDATE")]
    assert any("tooth_numbering" in sql for sql in writes)
    assert any("Ada W." in sql for sql in writes)
    # What the lab switched off a moment ago must not be switched on again.
    assert not any("is_active" in sql for sql in writes)


def test_zones_of_the_labs_country_come_first_and_old_names_not_at_all(dentist_client):
    page = dentist_client.get(ACCOUNT).content.decode()
    assert page.index('value="America/Los_Angeles"') < page.index('value="Africa/Abidjan"')
    assert 'value="US/Pacific"' not in page


def test_a_zone_with_an_old_name_that_is_in_use_can_be_kept(dentist_client, practice, filled):
    practice.time_zone = "US/Pacific"
    practice.save()
    dentist_client.post(ACCOUNT, {**filled, "time_zone": "US/Pacific"})
    practice.refresh_from_db()
    assert practice.tooth_numbering == "palmer"


def test_what_was_typed_is_kept_when_the_session_ended_before_save(client, person, filled):
    sign_in(client, person.email)
    proof = re.search(r'name="form_token" value="([^"]+)"', client.get(ACCOUNT).content.decode())[1]
    client.post("/accounts/logout/")
    answer = client.post(ACCOUNT, {**filled, "form_token": proof})
    assert answer["Location"] == "/accounts/login/?next=/account/&kept=1"
    assert "What you typed and uploaded is kept" in client.get(answer["Location"]).text
    sign_in(client, person.email)
    page = client.get(ACCOUNT).content.decode()
    assert "It is not saved yet" in page
    assert "2 Quay" in page
    assert "2 Quay" not in client.get(ACCOUNT).content.decode()


def test_it_is_not_shown_to_somebody_else(client, person, other_practice_user, filled):
    proof = unsent.token(person, ACCOUNT)
    client.post(ACCOUNT, {**filled, "form_token": proof})
    other_practice_user.set_password(PASSWORD)
    other_practice_user.save()
    sign_in(client, other_practice_user.email)
    assert "2 Quay" not in client.get(ACCOUNT).content.decode()


def test_what_a_stranger_sends_is_not_kept(client, person, filled):
    client.post(ACCOUNT, {**filled, "form_token": "1:x:y"})
    sign_in(client, person.email)
    assert "2 Quay" not in client.get(ACCOUNT).content.decode()


def test_proof_of_a_sign_in_keeps_one_text_for_a_week_and_no_session(person, filled):
    proof = unsent.token(person, ACCOUNT)
    for number in range(5):
        Client().post(ACCOUNT, {**filled, "phone": f"{number}" * 9000, "form_token": proof})
    assert Unsent.objects.get(user=person).data["phone"] == ["4" * 9000]
    assert not Session.objects.exists()


def test_what_nobody_came_back_for_is_forgotten_after_a_week(dentist_user, other_practice_user):
    for user, age in ((dentist_user, unsent.lasts()), (other_practice_user, timedelta(days=1))):
        Unsent.objects.create(user=user, place="/account/", data={"phone": ["1"]})
        Unsent.objects.filter(user=user).update(at=timezone.now() - age)
    forget_unsent()
    assert Unsent.objects.get().user == other_practice_user


def test_of_a_form_that_is_larger_than_any_of_ours_the_beginning_is_kept(client, dentist_user):
    token = unsent.token(dentist_user, ACCOUNT)
    fields = {f"field_{number}": "x" * unsent.FIELD for number in range(5)}
    client.post(ACCOUNT, {**fields, "form_token": token})
    kept = Unsent.objects.get(user=dentist_user)
    assert set(kept.data) == {"field_0", "field_1", "field_2"}


def test_a_practice_has_a_zone_that_there_is(practice):
    practice.time_zone = "America/Atlantis"
    with pytest.raises(ValidationError, match="“America/Atlantis” is not a time zone"):
        practice.full_clean()
