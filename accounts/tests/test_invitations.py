"""From the form of an owner to the first sign-in of somebody new."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import services
from accounts.models import Invitation, User
from accounts.periodic import forget_invitations
from portal.models import Email

MEMBERS = "/account/members/"
NEW = "lou@harbor.example"
PASSWORD = "seven-crowns-of-lou"
REFUSAL = "This invitation does not work"


def invite(client, email=NEW, name="", role="member"):
    return client.post(MEMBERS, {"email": email, "name": name, "role": role}, follow=True)


def accept(client, link, name="Lou Mars", password=PASSWORD, again=None):
    said = {"name": name, "password1": password, "password2": again or password}
    return client.post(link, said, follow=True)


def test_an_invited_person_chooses_a_password_and_signs_in(owner_client, link_to, practice):
    page = invite(owner_client, "Lou@Harbor.example", "Lou")
    assert f"An invitation to {NEW} is on its way." in page.text
    link = link_to(NEW)
    owner_client.logout()
    assert 'value="Lou"' in owner_client.get(link).text
    page = accept(owner_client, link)
    assert page.redirect_chain[-1][0] == "/accounts/login/"
    assert f"Your account is ready. Please sign in as {NEW}." in page.text
    assert owner_client.get("/cases/").status_code == 302  # nobody is signed in by a link
    member = User.objects.get(email=NEW)
    assert (member.name, member.practice, member.is_owner) == ("Lou Mars", practice, False)
    assert (member.is_staff, member.is_superuser) == (False, False)
    owner_client.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert owner_client.get("/cases/").status_code == 200


def test_an_owner_may_be_invited(owner_client, client, link_to):
    invite(owner_client, role="owner")
    accept(client, link_to(NEW))
    assert User.objects.get(email=NEW).owns_a_practice


def test_the_database_holds_neither_token_nor_link_once_the_mail_is_sent(
    owner_client, link_to, django_capture_on_commit_callbacks, sent
):
    with django_capture_on_commit_callbacks(execute=True):
        invite(owner_client)
    assert "/account/invitations/" in sent()[0].get_body("plain").get_content()
    assert "/account/invitations/" not in Email.objects.get().text
    assert len(Invitation.objects.get().token_digest) == 64


def test_the_mail_names_the_practice_and_nothing_that_an_owner_typed(owner_client, owner):
    User.objects.filter(pk=owner.pk).update(name="Win at evil.example")
    invite(owner_client, name="Click evil.example")
    mail = Email.objects.get()
    assert "Harbor Dental invites you" in mail.text
    assert "evil.example" not in mail.subject + mail.text + mail.html


def use(invitation):
    invitation.accepted_at = timezone.now()


def take_back(invitation):
    invitation.withdrawn_at = timezone.now()


def let_expire(invitation):
    invitation.expires_at = timezone.now() - timedelta(seconds=1)


def close_practice(invitation):
    invitation.practice.is_active = False
    invitation.practice.save()


def open_account(invitation):
    User.objects.create_user(invitation.email, name="Lou")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("spoil", [use, take_back, let_expire, close_practice, open_account])
def test_a_link_that_does_not_work_gets_one_answer_whatever_the_reason(
    owner_client, client, link_to, spoil, method
):
    invite(owner_client)
    link = link_to(NEW)
    client.logout()
    invitation = Invitation.objects.get()
    spoil(invitation)
    invitation.save()
    users = User.objects.count()
    said = {"name": "Lou", "password1": PASSWORD, "password2": PASSWORD}
    answer = getattr(client, method)(link, said)
    unknown = getattr(client, method)("/account/invitations/of-nobody/", said)
    assert REFUSAL in answer.text
    assert answer.status_code == unknown.status_code == 404
    assert answer.content == unknown.content
    assert User.objects.count() == users


def test_a_link_works_once(owner_client, client, link_to):
    invite(owner_client)
    link = link_to(NEW)
    client.logout()
    accept(client, link)
    page = accept(client, link, name="Somebody else", password="another-long-password")
    assert REFUSAL in page.text
    assert User.objects.get(email=NEW).check_password(PASSWORD)


def test_a_link_works_for_seven_days(owner_client, link_to, practice, owner):
    sent_at = timezone.now() - timedelta(days=7) + timedelta(minutes=1)
    services.invite(practice, NEW, "", False, by=owner, now=sent_at)
    assert owner_client.get(link_to(NEW)).status_code == 200
    Invitation.objects.update(expires_at=sent_at + timedelta(days=7) - timedelta(minutes=2))
    assert owner_client.get(link_to(NEW)).status_code == 404


@pytest.mark.parametrize(("over_for", "is_kept"), [(89, True), (91, False)])
def test_an_invitation_is_forgotten_ninety_days_after_its_end(owner, practice, over_for, is_kept):
    sent_at = timezone.now() - Invitation.LASTS - timedelta(days=over_for)
    services.invite(practice, NEW, "", False, by=owner, now=sent_at)
    forget_invitations()
    assert Invitation.objects.exists() == is_kept


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": "\u200b"}, "Please type your name."),
        ({"password": "short"}, "too short"),
        ({"password": "password123"}, "too common"),
        ({"password": "lou@harbor.example"}, "too similar"),
        ({"again": "something-else-here"}, "the same password each time"),
    ],
)
def test_a_weak_password_or_no_name_gets_a_sentence_and_the_link_still_works(
    owner_client, client, link_to, said, sentence
):
    invite(owner_client)
    link = link_to(NEW)
    client.logout()
    answer = accept(client, link, **said)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not User.objects.filter(email=NEW).exists()
    assert accept(client, link).redirect_chain


def test_another_address_cannot_be_typed_into_the_form(owner_client, client, link_to):
    invite(owner_client)
    link = link_to(NEW)
    client.logout()
    forged = {"email": "evil@x.example", "is_staff": "on", "is_owner": "on", "practice": "1"}
    said = {"name": "Lou", "password1": PASSWORD, "password2": PASSWORD}
    client.post(link, said | forged)
    member = User.objects.get(email=NEW)
    assert (member.is_staff, member.is_owner) == (False, False)
    assert not User.objects.filter(email="evil@x.example").exists()


def test_sending_again_makes_a_new_link_and_the_one_before_works_no_more(owner_client, link_to):
    invite(owner_client)
    first, invitation = link_to(NEW), Invitation.objects.get()
    page = owner_client.post(f"/account/invitations/{invitation.pk}/again/", follow=True)
    assert "A new invitation" in page.text
    assert owner_client.get(first).status_code == 404
    assert owner_client.get(link_to(NEW)).status_code == 200
    assert Invitation.objects.not_answered().count() == 1


def test_inviting_the_same_address_again_does_the_same(owner_client, link_to):
    for _ in range(2):
        invite(owner_client)
    assert Invitation.objects.not_answered().count() == 1
    assert owner_client.get(link_to(NEW)).status_code == 200


def test_a_withdrawn_invitation_leaves_the_list(owner_client, link_to):
    invite(owner_client)
    invitation = Invitation.objects.get()
    assert NEW in owner_client.get(MEMBERS).text
    page = owner_client.post(f"/account/invitations/{invitation.pk}/withdraw/", follow=True)
    assert "Its link works no more." in page.text
    assert NEW not in owner_client.get(MEMBERS).text
    assert owner_client.get(link_to(NEW)).status_code == 404


@pytest.mark.parametrize("step", ["again", "withdraw"])
def test_an_accepted_invitation_is_neither_sent_again_nor_withdrawn(
    owner_client, link_to, client, owner, step
):
    invite(owner_client)
    invitation = Invitation.objects.get()
    accept(client, link_to(NEW))
    client.force_login(owner)
    page = client.post(f"/account/invitations/{invitation.pk}/{step}/", follow=True)
    assert "alert-error" in page.text
    assert Email.objects.filter(kind="invitation").count() == 1


@pytest.mark.parametrize("step", ["deactivate", "member"])
def test_invitations_of_somebody_who_may_not_invite_any_more_are_withdrawn(
    owner_client, owner, colleague, link_to, practice, step
):
    User.objects.filter(pk=colleague.pk).update(is_owner=True)
    services.invite(practice, NEW, "", False, by=colleague, now=timezone.now())
    owner_client.post(f"{MEMBERS}{colleague.pk}/{step}/")
    assert owner_client.get(link_to(NEW)).status_code == 404


def test_a_practice_sends_twenty_invitations_an_hour(owner_client, practice, owner):
    for number in range(20):
        invite(owner_client, f"n{number}@harbor.example")
    answer = invite(owner_client)
    assert answer.status_code == 429
    assert "has sent 20 invitations within an hour" in answer.text
    assert f'value="{NEW}"' in answer.text
    assert Email.objects.count() == 20
    Invitation.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    invite(owner_client)
    assert Email.objects.count() == 21


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b.example\nBcc: x@y.example", "x" * 250 + "@b.example"]
)
def test_a_wrong_address_is_refused_with_what_was_typed_kept(owner_client, email):
    answer = invite(owner_client, email, name="Lou Mars")
    assert answer.status_code == 422
    assert "Lou Mars" in answer.text
    assert not Email.objects.exists()


def test_a_practice_that_is_not_active_invites_nobody(owner_client, practice):
    practice.is_active = False
    practice.save()
    invite(owner_client)
    assert not Invitation.objects.exists()


KNOWN = ["colleague", "deactivated", "elsewhere", "staff"]


@pytest.fixture
def known(colleague, practice, other_practice_user, make_staff):
    """Addresses that have an account, by what kind of account it is."""
    fired = User.objects.create_user("di@harbor.example", practice=practice, is_active=False)
    people = [colleague, fired, other_practice_user, make_staff("Lab")]
    return dict(zip(KNOWN, [person.email for person in people], strict=True))


@pytest.mark.parametrize("kind", KNOWN)
def test_the_answer_is_the_same_whether_an_address_has_an_account_or_not(owner_client, known, kind):
    addresses = ("zoe@harbor.example", known[kind])
    unknown, same = (_seen(owner_client, email, addresses) for email in addresses)
    assert unknown == same


def _seen(client, email, addresses):
    """All that comes back on an invitation and on the page after it, but for what must differ."""
    invited = client.post(MEMBERS, {"email": email, "name": "", "role": "member"})
    page = client.get(MEMBERS)
    number = str(Invitation.objects.first().pk)
    client.post(f"/account/invitations/{number}/withdraw/")
    client.get(MEMBERS)  # puts the message away
    return [_stripped(answer, number, addresses) for answer in (invited, page)]


def _stripped(answer, number, addresses):
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.text)
    for address in addresses:
        text = text.replace(address, "ADDRESS")
    text = re.sub(r'(datetime|title)="[^"]+"', "", text)
    moment = ("X-Request-ID", "Expires", "Content-Length")
    headers = {name: said for name, said in answer.headers.items() if name not in moment}
    text = text.replace(f"/invitations/{number}/", "/invitations/N/")
    return answer.status_code, headers, text


@pytest.mark.parametrize("kind", KNOWN)
def test_who_has_an_account_is_told_so_by_mail_and_gets_no_link(owner_client, known, kind):
    email = known[kind]
    before = User.objects.get(email=email)
    invite(owner_client, email)
    mail = Email.objects.get()
    assert (mail.kind, mail.to) == ("invitation_known", email)
    assert "you already have an account" in mail.text
    assert "/account/invitations/" not in mail.text
    after = User.objects.get(email=email)
    assert (after.practice, after.is_active, after.password) == (
        before.practice, before.is_active, before.password
    )  # fmt: skip
