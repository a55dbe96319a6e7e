import re

import pytest

from accounts.models import User
from portal.models import Email


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
