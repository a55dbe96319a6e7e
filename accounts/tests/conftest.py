import re

import pytest
from django.core.cache import cache

from accounts.models import PasswordReset, User
from accounts.sign_in import second_step
from accounts.tasks import mail_reset_link
from portal.models import Email

PASSWORD = "a-guide-for-the-drill"
LOGIN = "/accounts/login/"
CODE = "/accounts/two-step/authenticate/"


@pytest.fixture
def owner(dentist_user):
    dentist_user.is_owner = True
    dentist_user.save(update_fields=["is_owner"])
    return dentist_user


@pytest.fixture
def owner_client(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def colleague(practice):
    return User.objects.create_user("kim@harbor.example", name="Kim Lee", practice=practice)


@pytest.fixture
def link_to():
    """A function that gives the path of the link in the newest mail to an address."""

    def link(email):
        text = Email.objects.filter(to=email).first().text
        return re.search(r"https?://[^/\s]+(/account/invitations/\S+)", text)[1]

    return link


@pytest.fixture(autouse=True)
def no_attempts_yet(db):
    cache.clear()


@pytest.fixture
def person(dentist_user):
    dentist_user.set_password(PASSWORD)
    dentist_user.save()
    return dentist_user


@pytest.fixture
def ask_for_link(client):
    """A function that asks for a reset link, and has a worker write the mail but not send it."""

    def ask(email, **options):
        answer = client.post("/accounts/password/reset/", {"email": email}, **options)
        for asked in PasswordReset.objects.all():
            mail_reset_link(asked.pk)
        return answer

    return ask


@pytest.fixture
def careful(person):
    """Somebody who has set up an authenticator app."""
    second_step.enrol(person)
    return person


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def type_code(client, user, code=None):
    code = code or second_step.current_code(user)[0]
    return client.post(CODE, {"code": code})


def come_in(client, user):
    """Sign in with both steps."""
    cache.clear()  # a code of this half minute may have been used by another sign-in of the test
    sign_in(client, user.email)
    return type_code(client, user)
