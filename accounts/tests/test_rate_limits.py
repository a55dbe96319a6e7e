import re
import threading
import time

import pytest
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client

from accounts.models import User
from accounts.sign_in import known_devices, second_step
from accounts.tests.conftest import LOGIN, PASSWORD, come_in, sign_in, type_code
from portal.models import Email

TOO_MANY = "There were too many tries"


def guess(client, email, times, **more):
    return [sign_in(client, email, f"wrong-{number}", **more) for number in range(times)]


def is_refused(answer):
    return TOO_MANY in answer.content.decode()


def test_the_eleventh_guess_at_an_account_is_refused_even_when_it_is_right(person):
    """From as many addresses as there are guesses."""
    answers = [
        Client(REMOTE_ADDR=f"203.0.113.{number}").post(
            LOGIN, {"login": person.email, "password": "wrong-one"}
        )
        for number in range(10)
    ]
    assert not any(map(is_refused, answers))
    right = sign_in(Client(REMOTE_ADDR="203.0.113.99"), person.email)
    assert re.search(r"Please try again in (a|1?\d) minutes?\.", right.content.decode())


def test_the_eleventh_guess_from_an_address_is_refused_whoever_it_is_at(client, person):
    for number in range(10):
        guess(client, f"somebody{number}@x.example", 1)
    assert is_refused(sign_in(client, person.email))
    assert sign_in(Client(REMOTE_ADDR="203.0.113.7"), person.email).status_code == 302


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "LOCALHOST"])
def test_another_name_of_the_portal_gives_no_further_guesses(client, person, host):
    guess(client, person.email, 10)
    other = Client(REMOTE_ADDR="203.0.113.7", headers={"host": host})
    assert is_refused(sign_in(other, f" {person.email.upper()} "))


def test_right_passwords_are_not_counted(client, person):
    for _ in range(12):
        assert sign_in(client, person.email).status_code == 302
        client.post("/accounts/logout/")


def test_after_a_quarter_of_an_hour_guesses_are_looked_at_again(client, person, monkeypatch):
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now)
    guess(client, person.email, 10)
    monkeypatch.setattr("time.time", lambda: now + 899)
    assert is_refused(sign_in(client, person.email))
    monkeypatch.setattr("time.time", lambda: now + 901)
    assert sign_in(client, person.email).status_code == 302


def test_somebody_on_a_known_device_gets_in_though_strangers_locked_the_account(client, person):
    sign_in(client, person.email)
    client.post("/accounts/logout/")
    stranger = Client()  # at the same address
    guess(stranger, person.email, 10)
    assert is_refused(sign_in(stranger, person.email))
    assert sign_in(client, person.email).status_code == 302


def test_with_two_steps_too(client, careful):
    come_in(client, careful)
    client.post("/accounts/logout/")
    guess(Client(), careful.email, 10)
    assert come_in_again(client, careful).status_code == 302


def come_in_again(client, user):
    sign_in(client, user.email)
    app = user.authenticator_set.get(type="totp")
    cache.delete(f"code-used:{user.pk}:{second_step.current_code(user)[0]}")
    cache.delete(app.wrap()._get_used_cache_key(second_step.current_code(user)[0]))
    return type_code(client, user)


def test_a_known_device_has_ten_guesses_of_its_own_and_not_more(client, person):
    sign_in(client, person.email)
    client.post("/accounts/logout/")
    assert not any(map(is_refused, guess(client, person.email, 10)))
    assert is_refused(sign_in(client, person.email))


def test_a_known_device_is_known_for_the_people_who_signed_in_on_it(
    client, person, other_practice_user
):
    other_practice_user.set_password(PASSWORD)
    other_practice_user.save()
    sign_in(client, other_practice_user.email)
    client.post("/accounts/logout/")
    guess(Client(), person.email, 10)
    assert is_refused(sign_in(client, person.email))


@pytest.mark.parametrize("value", ["", "x", "{}", "eyJ4IjoxfQ:1:x"])
def test_a_cookie_that_somebody_made_up_is_worth_nothing(client, person, value):
    guess(client, person.email, 10)
    client.cookies[known_devices.COOKIE] = value
    assert is_refused(sign_in(client, person.email))


def test_the_cookie_is_not_for_scripts_and_names_nobody(client, person):
    sign_in(client, person.email)
    cookie = client.cookies[known_devices.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    told = str(signing.loads(cookie.value, salt=known_devices._SALT))
    assert person.email not in told
    assert person.name not in told


def test_the_password_alone_makes_no_device_known(client, careful):
    sign_in(client, careful.email)
    assert known_devices.COOKIE not in client.cookies


def test_codes_are_guessed_ten_times(client, careful):
    sign_in(client, careful.email)
    for _ in range(10):
        assert not is_refused(type_code(client, careful, "000000"))
    assert is_refused(type_code(client, careful))
    assert client.get("/cases/").status_code == 302


def test_a_right_code_takes_no_guess_of_others_away(client, careful):
    """Neither does it give a stranger at the same address further guesses."""
    guess(Client(), "somebody@x.example", 9)
    sign_in(client, careful.email)
    type_code(client, careful)
    stranger = Client()
    assert not is_refused(guess(stranger, "somebody@y.example", 1)[0])
    assert is_refused(guess(stranger, "somebody@z.example", 1)[0])


def test_reset_links_are_asked_for_ten_times(client, person):
    asked = [client.post("/accounts/password/reset/", {"email": person.email}) for _ in range(11)]
    assert [answer.status_code for answer in asked] == [302] * 10 + [429]
    assert "try again in 15 minutes" in asked[-1].content.decode()


def test_a_sign_in_on_a_new_device_is_told_by_mail(client, person):
    sign_in(client, person.email)
    assert not Email.objects.exists()  # the first sign-in of all
    client.post("/accounts/logout/")
    sign_in(client, person.email)
    assert not Email.objects.exists()
    browser = "Mozilla/5.0 (Windows NT 10.0) https://evil.example Firefox/150.0"
    sign_in(Client(headers={"user-agent": browser}), person.email)
    mail = Email.objects.get()
    assert (mail.kind, mail.to) == ("new_device", person.email)
    assert "Firefox on Windows, from 127.0.0.1" in mail.text
    assert "evil" not in mail.text


@pytest.mark.django_db(transaction=True)
def test_of_thirty_guesses_at_once_ten_are_looked_at(person, monkeypatch):
    looked_at = []
    check = User.check_password

    def noticed(self, password):
        looked_at.append(password)
        return check(self, password)

    monkeypatch.setattr(User, "check_password", noticed)
    start = threading.Barrier(30)

    def try_one(number):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        start.wait()
        sign_in(client, person.email, f"wrong-{number}")
        connection.close()

    threads = [threading.Thread(target=try_one, args=[number]) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # Who cannot be counted within a second is refused uncounted, so on a slow day it is fewer.
    assert 1 <= len(looked_at) <= 10
    guess(Client(REMOTE_ADDR="198.51.100.1"), person.email, 10)
    assert len(looked_at) == 10
    assert is_refused(sign_in(Client(REMOTE_ADDR="198.51.100.2"), person.email))


def test_more_rows_than_the_cache_likes_do_not_flush_what_was_counted(client, person, monkeypatch):
    monkeypatch.setattr(cache, "_max_entries", 5, raising=False)
    guess(client, person.email, 10)
    for number in range(20):
        cache.set(f"filler-{number}", 1, timeout=900)
    assert is_refused(sign_in(client, person.email))
