"""Who may knock at which door: every address of the portal stands in one of these tables."""

import re
from uuid import UUID

import pytest
from django.apps import apps
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone

from accounts.models import Invitation, User
from cases.progress import Progress
from scheduling import services
from scheduling.tests import make

SIGN_IN = "/accounts/login/"
UPLOAD = UUID("00000000-0000-4000-8000-000000000001")
FORM = UUID("00000000-0000-4000-8000-000000000002")
NOBODYS = {"number": "99-99999", "pk": UUID(int=7)}

# Open to strangers, with the status they get.
PUBLIC = {
    "portal:first_page": 200,
    "portal:help": 200,
    "portal:healthz": 200,
    "portal:readyz": 200,
    "portal:metrics": 404,  # there is no token
    "accounts:accept_invitation": 404,  # nobody was sent it
    "account_login": 200,
    "account_logout": 302,
    "account_signup": 200,  # it says that the lab opens the accounts
    "account_inactive": 200,
    "account_reset_password": 200,
    "account_reset_password_done": 200,
    "account_reset_password_from_key": 200,
    "account_reset_password_from_key_done": 200,
    "mfa_authenticate": 302,  # the password comes first
    "mfa_login_webauthn": 302,  # the page of the sign-in asks for JSON
}
# Pages of the library for what the portal does not use: they lead away or are not there.
UNUSED = {
    "account_confirm_email": 200,
    "account_email_verification_sent": 200,
    "account_confirm_login_code": 302,
}
# For everybody who has signed in, with how a member of a practice asks and what comes back.
MEMBERS = {
    "accounts:account": ("get", 200),
    "account_email": ("get", 302),
    "account_reauthenticate": ("get", 200),
    "account_change_password": ("get", 200),
    "account_set_password": ("get", 302),
    "accounts:sign_out_everywhere": ("post", 302),
    "usersessions_list": ("get", 200),
    "mfa_index": ("get", 200),
    "mfa_activate_totp": ("get", 302),  # asks again who it is, as do those below
    "mfa_deactivate_totp": ("get", 404),  # there is none, as below
    "mfa_add_webauthn": ("get", 302),
    "mfa_list_webauthn": ("get", 200),
    "mfa_edit_webauthn": ("get", 302),
    "mfa_remove_webauthn": ("get", 404),
    "mfa_view_recovery_codes": ("get", 404),
    "mfa_generate_recovery_codes": ("get", 302),
    "mfa_download_recovery_codes": ("get", 404),
    "mfa_reauthenticate": ("get", 302),
    "mfa_reauthenticate_webauthn": ("get", 302),
    "cases:list": ("get", 200),
    "cases:export_csv": ("get", 200),
    "cases:new": ("get", 200),
    "cases:discard_draft": ("post", 404),  # there is none
    "accounts:access": ("get", 403),  # is for owners
}
# For owners of a practice, about their own members and invitations; to all others they say 403.
OWNERS = {
    "accounts:members": ("get", 200),
    "accounts:deactivate": ("get", 200),
    "accounts:reactivate": ("get", 200),
    "accounts:make_owner": ("get", 200),
    "accounts:take_ownership": ("get", 200),
    "accounts:invite_again": ("post", 302),
    "accounts:withdraw_invitation": ("post", 302),
}
# The addresses of one case: its own practice gets this, another one always 404.
OF_A_CASE = {
    "cases:record": ("get", 200),
    "cases:created": ("get", 200),
    "cases:update": ("get", 302),
    "cases:archive": ("post", 302),
    "cases:unarchive": ("post", 302),
    "cases:message": ("post", 422),  # it is empty
    "cases:rx": ("get", 302),  # it is not ready
    "cases:rx_state": ("get", 200),
    "cases:rx_revision": ("get", 302),
    "cases:file_states": ("get", 200),
    "cases:download": ("get", 409),  # it is not stored
    "scheduling:schedule": ("get", 200),
    "scheduling:calendar": ("get", 200),
}
# Called by programs, which are told 401 instead of being led to a page.
FOR_PROGRAMS = {
    "cases:uploads": ("get", 200),
    "cases:upload": ("head", 200),
    "cases:keep_draft": ("post", 204),
    "accounts:stay": ("get", 200),
}
# Pages of our own below the admin's address.
OF_STAFF = {"cases:emergency": ("get", 302), "cases:end_emergency": ("post", 302)}
STAFF = "admin:"
IN_ADDRESSES = {"object_id": 1, "content_type_id": 1, "to": "received", "id": 1, "pk": 1}


def walk(resolver, namespaces=(), route=""):
    """Name and route of every URL pattern below a resolver."""
    for pattern in resolver.url_patterns:
        below = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = [*namespaces, pattern.namespace] if pattern.namespace else namespaces
            yield from walk(pattern, inner, below)
        else:
            yield ":".join([*namespaces, pattern.name or ""]), below


def with_a_row(url):
    """An address of the admin with the first row of its model in the place of row 1."""
    found = re.fullmatch(r"/admin/(\w+)/(\w+)/1/(.*)", url)
    known = found and found[1] in apps.app_configs
    row = known and apps.get_model(found[1], found[2]).objects.first()
    return f"/admin/{found[1]}/{found[2]}/{row.pk}/{found[3]}" if row else url


def admin_address(route):
    """An address that fits a route of the admin."""
    route = re.sub(r"\^\(\?P<app_label>.*$", "cases/", route)
    route = re.sub(r"\(\?P<url>.*$", "nowhere/", route)
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(IN_ADDRESSES[found[1]]), route)


PATTERNS = list(walk(get_resolver()))
ADMIN = sorted({admin_address(route) for name, route in PATTERNS if name.startswith(STAFF)})


def address(name, **given):
    """The address called `name`, with what its pattern asks for taken from `given`."""
    if name.startswith("mfa_"):
        given["pk"] = 1  # of a passkey
    asked = get_resolver()
    *namespaces, last = name.split(":")
    for namespace in namespaces:
        asked = asked.namespace_dict[namespace][1]
    parameters = asked.reverse_dict.getlist(last)[0][0][0][1]
    return reverse(name, kwargs={parameter: given[parameter] for parameter in parameters})


@pytest.fixture
def places(make_case, dentist_user):
    """A booked case with a file and an RX script, and the values that lead to it."""
    case = make_case(progress=Progress.READY)
    case.prescriptions.create(revision=1, snapshot={})
    case.attachments.create(
        pk=UPLOAD,
        name="arch.stl",
        size=100,
        practice=case.practice,
        uploaded_by=dentist_user,
    )
    now = timezone.now()
    block = make.block(make.planner(), now + timezone.timedelta(days=3))
    services.book(block, case, dentist_user, now)
    return {
        "number": case.number,
        "pk": UPLOAD,
        "revision": 1,
        "form_key": FORM,
        "token": "of-nobody",
        "uidb36": "1",
        "key": "set-password",
    }


def ask(client, method, url):
    headers = {"Tus-Resumable": "1.0.0"} if url.startswith("/files/") else {}
    query = {"form": str(FORM)} if url == "/files/" else {}
    return client.generic(method.upper(), url, headers=headers, query_params=query)


def leads_to_sign_in(answer):
    return answer.status_code == 302 and answer["Location"].startswith(SIGN_IN)


def leads_out_of_admin(answer):
    # The admin's own sign-in page leads on to ours, see its address among the others.
    to = answer.headers.get("Location", "")
    return leads_to_sign_in(answer) or (answer.status_code == 302 and "/admin/login/?" in to)


def test_every_address_is_listed_here():
    listed = {*PUBLIC, *UNUSED, *MEMBERS, *OWNERS, *OF_A_CASE, *FOR_PROGRAMS, *OF_STAFF}
    names = {name for name, _ in PATTERNS if not name.startswith(STAFF)}
    assert names == listed


@pytest.mark.parametrize(("name", "status"), PUBLIC.items())
def test_a_stranger_may_open(client, places, name, status, broker):
    assert client.get(address(name, **places)).status_code == status


@pytest.mark.parametrize(("name", "status"), UNUSED.items())
def test_what_the_library_has_and_the_portal_does_not_use(client, places, name, status):
    assert client.get(address(name, **places)).status_code == status


@pytest.mark.parametrize(("name", "asked"), {**MEMBERS, **OF_A_CASE}.items())
def test_a_stranger_is_led_to_the_sign_in(client, places, name, asked):
    answer = ask(client, asked[0], address(name, **places))
    assert leads_to_sign_in(answer), answer.status_code


@pytest.mark.parametrize(("name", "asked"), FOR_PROGRAMS.items())
def test_a_program_without_a_session_is_told_so(client, places, name, asked):
    assert ask(client, asked[0], address(name, **places)).status_code == 401


@pytest.mark.parametrize(("name", "asked"), {**MEMBERS, **OF_A_CASE, **FOR_PROGRAMS}.items())
def test_a_member_of_the_practice_gets_in(client, dentist_user, places, name, asked):
    dentist_user.set_password("four-crowns-and-a-bridge")
    dentist_user.save()
    client.force_login(dentist_user)
    method, status = asked
    assert ask(client, method, address(name, **places)).status_code == status


@pytest.mark.parametrize(("name", "asked"), {**OF_A_CASE, "cases:upload": ("head", 0)}.items())
def test_another_practices_case_looks_like_none(client, other_practice_user, places, name, asked):
    client.force_login(other_practice_user)
    theirs = ask(client, asked[0], address(name, **places))
    nobodys = ask(client, asked[0], address(name, **{**places, **NOBODYS}))
    assert theirs.status_code == nobodys.status_code == 404
    assert without_token(theirs) == without_token(nobodys)


@pytest.fixture
def managed(practice):
    """A function that gives the address of an owner's page, about a member or an invitation."""
    member = User.objects.create_user("kim@harbor.example", name="Kim Lee", practice=practice)
    now = timezone.now()
    invitation = practice.invitations.create(
        email="lou@harbor.example", token_digest="x", expires_at=now + Invitation.LASTS
    )

    def at(name, pk=None):
        return address(name, pk=pk or (invitation.pk if "invit" in name else member.pk))

    return at


@pytest.mark.parametrize(("name", "asked"), OWNERS.items())
def test_an_owner_manages_members_and_nobody_else_does(
    client, dentist_user, make_staff, managed, name, asked
):
    assert leads_to_sign_in(ask(client, asked[0], managed(name)))
    for refused in (dentist_user, make_staff("Office", "Lab")):
        client.force_login(refused)
        assert ask(client, asked[0], managed(name)).status_code == 403
    User.objects.filter(pk=dentist_user.pk).update(is_owner=True)
    client.force_login(dentist_user)
    assert ask(client, asked[0], managed(name)).status_code == asked[1]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name in OWNERS if name != "accounts:members"])
def test_members_of_another_practice_look_like_nobody(
    client, other_practice_user, managed, name, method
):
    User.objects.filter(pk=other_practice_user.pk).update(is_owner=True)
    client.force_login(other_practice_user)
    theirs = ask(client, method, managed(name))
    nobodys = ask(client, method, managed(name, pk=99_999))
    assert theirs.status_code == nobodys.status_code == 404
    assert without_token(theirs) == without_token(nobodys)


def without_token(answer):
    return re.sub(rb'name="csrfmiddlewaretoken" value="\w+"', b"", answer.content)


def test_the_lab_admin_is_closed_to_strangers(client, db):
    assert [url for url in ADMIN if not leads_out_of_admin(client.get(url))] == []


def test_the_admins_own_sign_in_leads_to_the_one_of_the_portal(client, db):
    assert leads_to_sign_in(client.get("/admin/login/"))


@pytest.mark.parametrize(("name", "asked"), OF_STAFF.items())
def test_pages_of_the_lab_lead_strangers_and_dentists_away(client, dentist_user, name, asked):
    method, status = asked
    url = address(name, pk=1)
    assert leads_to_sign_in(ask(client, method, url))
    client.force_login(dentist_user)
    answer = ask(client, method, url)
    assert answer.status_code == status
    assert leads_out_of_admin(answer)


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_lab_admin_is_closed_to_dentists(client, dentist_user, places, method):
    client.force_login(dentist_user)
    answers = {url: ask(client, method, url) for url in ADMIN}
    refused = (302, 403, 404, 405)
    assert [url for url, answer in answers.items() if answer.status_code not in refused] == []
    led = [answer for answer in answers.values() if answer.status_code == 302]
    assert all(answer["Location"].startswith(("/admin/", SIGN_IN)) for answer in led)


@pytest.mark.ignore_template_errors  # Django's own templates ask for variables that are not there
def test_the_lab_admin_answers_the_lab(client, lab_user, places):
    client.force_login(lab_user)
    logout = "/admin/logout/"
    answers = {url: client.get(with_a_row(url)).status_code for url in ADMIN if url != logout}
    assert {
        url for url, status in answers.items() if status not in (200, 302, 403, 404, 405)
    } == set()
    shown = [url for url, status in answers.items() if status == 200]
    assert len(shown) > 30
