"""The library's table of addresses stays empty, and nothing in it may keep anybody out."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps

from accounts.tests.conftest import PASSWORD, sign_in
from accounts.tests.test_second_step import set_up_app
from accounts.tests.test_sign_in import NEW, link_in, set_password
from portal.models import Email

MIGRATION = import_module("accounts.migrations.0008_forget_addresses")


def test_who_was_sent_a_password_link_sets_up_a_second_step(client, person, ask_for_link):
    ask_for_link(person.email)
    set_password(client, link_in(Email.objects.get()), NEW)
    sign_in(client, person.email, NEW)
    assert "Each lets you in once" in set_up_app(client).text
    assert not EmailAddress.objects.exists()


def test_a_stranger_who_asks_for_a_link_blocks_nobody(client, person, ask_for_link):
    sign_in(client, person.email)
    ask_for_link(person.email)
    assert "Each lets you in once" in set_up_app(client).text


@pytest.mark.parametrize("path", ["totp/activate/", "webauthn/add/"])
def test_an_address_that_was_never_verified_blocks_nobody(client, person, path):
    EmailAddress.objects.create(user=person, email=person.email, verified=False)
    sign_in(client, person.email)
    assert client.get(f"/accounts/two-step/{path}").status_code == 200


def test_rows_of_before_are_forgotten(client, person):
    EmailAddress.objects.create(user=person, email="before@harbor.example", verified=True)
    MIGRATION.forget(apps, None)
    sign_in(client, "before@harbor.example", PASSWORD)
    assert client.get("/cases/").status_code == 302
