"""How many people, sessions and passkeys there may be."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.limits import PASSKEYS
from accounts.models import Access, Invitation, User
from accounts.sign_in import activity
from accounts.views import account
from portal.limits import LimitReached
from portal.models import Email


@pytest.fixture
def owner(dentist_user):
    User.objects.filter(pk=dentist_user.pk).update(is_owner=True)
    dentist_user.refresh_from_db()
    return dentist_user


def test_members_and_open_invitations_of_a_practice_have_a_limit(owner, settings):
    settings.LIMITS = settings.LIMITS | {"people_a_practice": 2}
    now = timezone.now()
    services.invite(owner.practice, "lou@x.example", "", False, by=owner, now=now)
    # One that takes the place of another is none more.
    services.invite(owner.practice, "lou@x.example", "", False, by=owner, now=now)
    with pytest.raises(LimitReached, match="A practice can have 2 members and open invitations"):
        services.invite(owner.practice, "kim@x.example", "", False, by=owner, now=now)
    assert Invitation.objects.count() == Email.objects.count() == 2


def test_the_oldest_sessions_end_when_there_are_too_many(dentist_user, settings):
    settings.LIMITS = settings.LIMITS | {"sessions_a_person": 2}
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(dentist_user)
        key = client.session.session_key
        UserSession.objects.create(user=dentist_user, ip="192.0.2.1", session_key=key)
    activity.end_oldest(dentist_user)
    signed_in = [client.get("/account/").status_code == 200 for client in clients]
    assert signed_in == [False, False, True, True]


def test_passkeys_have_a_limit(dentist_user, settings):
    settings.LIMITS = settings.LIMITS | {"passkeys_a_person": 1}
    mine = Authenticator.objects.filter(user=dentist_user, type=Authenticator.Type.WEBAUTHN)
    PASSKEYS.check(mine)
    Authenticator.objects.create(user=dentist_user, type=Authenticator.Type.WEBAUTHN, data={})
    with pytest.raises(LimitReached, match="You have 1 passkeys"):
        PASSKEYS.check(mine)


def test_older_rows_of_the_access_log_are_a_link_away(client, owner, monkeypatch):
    monkeypatch.setattr(account, "ROWS_READ", 3)
    client.force_login(owner)
    for _ in range(5):
        client.get("/cases/")
    page = client.get("/account/access/")
    oldest = page.context["page"].object_list[-1].pk
    assert f'href="?before={oldest}">Show older rows' in page.text
    older = client.get("/account/access/", {"before": oldest}).context["page"].object_list
    assert [row.pk for row in older] == [oldest - 1, oldest - 2, oldest - 3]
    assert Access.objects.filter(what="log").count() == 2
