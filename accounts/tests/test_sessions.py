from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.sign_in import activity
from accounts.tests.conftest import PASSWORD, sign_in

LIST = "/accounts/sessions/"
STAY = "/account/stay/"


def is_in(client):
    return client.get("/cases/").status_code == 200


def test_somebody_who_does_nothing_is_signed_out(client, person, clock):
    sign_in(client, person.email)
    clock(29)
    assert is_in(client)
    clock(29)
    assert is_in(client)
    clock(30)
    answer = client.get("/cases/")
    assert answer["Location"] == "/accounts/login/?next=/cases/"
    assert "nothing was done for 30 minutes" in str(*get_messages(answer.wsgi_request))
    assert not UserSession.objects.exclude(user=person).exists()


def test_how_long_that_is_the_settings_say(client, person, clock, settings):
    settings.IDLE_MINUTES = 5
    sign_in(client, person.email)
    clock(5)
    assert not is_in(client)


def test_after_twelve_hours_everybody_is_signed_out(client, person, clock):
    sign_in(client, person.email)
    for _ in range(12 * 60 // 20 - 1):
        clock(20)
        assert is_in(client)
    clock(20)
    answer = client.get("/cases/")
    assert answer.status_code == 302
    assert "after 12 hours" in str(*get_messages(answer.wsgi_request))


def test_what_pages_ask_by_themselves_is_no_sign_of_anybody(client, person, clock, case):
    sign_in(client, person.email)
    for _ in range(3):
        clock(9)
        for address in (
            reverse("cases:file_states", args=[case.number]),
            reverse("cases:rx_state", args=[case.number]),
            reverse("cases:uploads"),
            STAY,
        ):
            assert client.get(address, {"form": case.form_key}).status_code == 200
    clock(3)
    assert client.get(STAY).status_code == 401


def test_what_brings_something_is(client, person, clock, case):
    sign_in(client, person.email)
    for _ in range(3):
        clock(20)
        assert client.post(STAY).status_code == 200
    clock(20)
    client.post(reverse("cases:keep_draft", args=[case.form_key]), {"patient_name": "Jane"})
    clock(20)
    assert is_in(client)


def test_the_session_is_written_once_a_minute_at_most(client, person, clock):
    sign_in(client, person.email)
    began = client.session[activity.ACTIVE_AT]
    clock(0.9)
    client.get("/cases/")
    assert client.session[activity.ACTIVE_AT] == began
    clock(0.2)
    client.get("/cases/")
    assert client.session[activity.ACTIVE_AT] > began
    assert UserSession.objects.get().last_seen_at == timezone.now()


def test_a_page_is_told_how_long_its_person_stays(client, person, clock):
    sign_in(client, person.email)
    page = client.get("/account/").content.decode()
    assert f'data-idle data-seconds="1740" data-person="{person.pk}"' in page
    clock(20)
    told = client.get(STAY).json()
    assert (told["seconds"], told["person"]) == (600, person.pk)
    assert client.post(STAY).json()["seconds"] == 1800


def test_near_the_end_of_the_day_staying_does_not_help(client, person, clock):
    sign_in(client, person.email)
    for _ in range(25):
        clock(28)
        client.post(STAY)
    assert client.post(STAY).json()["seconds"] == 12 * 3600 - 25 * 28 * 60


def test_strangers_get_no_warning(client, db):
    assert "data-idle" not in client.get("/").content.decode()


@pytest.mark.ignore_template_errors
def test_the_lab_is_warned_too(client, lab_user):
    client.force_login(lab_user)
    assert "data-idle" in client.get("/admin/").content.decode()


def test_the_list_shows_where_somebody_is_signed_in(client, person):
    sign_in(client, person.email)
    phone = Client(
        headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) Safari/604.1"},
        REMOTE_ADDR="203.0.113.9",
    )
    sign_in(phone, person.email)
    page = client.get(LIST).content.decode()
    assert "Safari on iPhone" in page
    assert "203.0.113.9" in page
    assert page.count("This one") == 1


def end(client, user, of):
    """Press the button beside the session of another client."""
    session = UserSession.objects.get(user=user, session_key=of.session.session_key)
    return client.post(f"{LIST}{session.pk}/end/", follow=True)


def test_one_session_is_ended_and_the_others_go_on(client, person):
    phone, desk = Client(headers={"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"}), Client()
    for one in (client, phone, desk):
        sign_in(one, person.email)
    assert client.get(LIST).text.count("/end/") == 2
    page = end(client, person, of=phone)
    assert "Safari on iPhone is signed out." in page.text
    assert page.text.count("/end/") == 1
    assert [is_in(one) for one in (client, phone, desk)] == [True, False, True]


def test_to_end_the_present_session_leads_to_the_sign_out(client, person):
    sign_in(client, person.email)
    assert '<form action="/accounts/logout/">' in client.get(LIST).text
    assert end(client, person, of=client).redirect_chain == [("/accounts/logout/", 302)]
    assert is_in(client)


def test_the_session_of_somebody_else_is_none(client, person, other_practice_user):
    other = Client()
    other_practice_user.set_password(PASSWORD)
    other_practice_user.save()
    for one, user in ((other, other_practice_user), (client, person)):
        sign_in(one, user.email)
    assert end(client, other_practice_user, of=other).status_code == 404
    assert client.post(f"{LIST}99999/end/").status_code == 404
    assert is_in(other)


def test_sign_in_on_the_way_to_the_button_ends_on_the_list(client, person):
    other = Client()
    for one in (client, other):
        sign_in(one, person.email)
    session = UserSession.objects.get(session_key=other.session.session_key)
    assert client.get(f"{LIST}{session.pk}/end/")["Location"] == LIST
    assert is_in(other)


def test_password_managers_find_the_page_for_the_password(client, person):
    place = "/.well-known/change-password"
    page = client.get(place, follow=True)
    assert page.redirect_chain[-1][0] == "/accounts/login/?next=/accounts/password/change/"
    sign_in(client, person.email)
    page = client.get(place, follow=True)
    assert page.redirect_chain == [("/accounts/password/change/", 302)]
    assert page.status_code == 200
    assert client.get("/.well-known/resource-that-should-not-exist").status_code == 404


def test_sign_out_everywhere_else(client, person, other_practice_user):
    other = Client()
    for one in (client, other):
        sign_in(one, person.email)
    answer = client.post(LIST, follow=True)
    assert "You are signed out everywhere else." in answer.content.decode()
    assert is_in(client)
    assert not is_in(other)


def test_sign_out_everywhere(client, person):
    other = Client()
    for one in (client, other):
        sign_in(one, person.email)
    answer = client.post("/account/sign-out-everywhere/", follow=True)
    assert "You are signed out everywhere." in answer.content.decode()
    assert not is_in(client)
    assert not is_in(other)


def test_a_session_that_nobody_used_is_not_in_the_list(client, person):
    sign_in(client, person.email)
    UserSession.objects.update(last_seen_at=timezone.now() - timedelta(minutes=31))
    other = Client()
    sign_in(other, person.email)
    other.get(LIST)
    assert UserSession.objects.count() == 1


def test_a_changed_password_ends_the_other_sessions(client, person):
    other = Client()
    for one in (client, other):
        sign_in(one, person.email)
    new = "another-guide-for-it"
    client.post(
        "/accounts/password/change/",
        {"oldpassword": "a-guide-for-the-drill", "password1": new, "password2": new},
    )
    assert is_in(client)
    assert not is_in(other)
