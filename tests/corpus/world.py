"""One row of each kind, so that every address leads somewhere and every form shows up."""

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.apps import apps
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver
from django.utils import timezone
from fido2.cose import ES256
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    RegistrationResponse,
)

from accounts import access_log
from accounts.groups import OFFICE, PLANNER
from accounts.models import Access, Invitation, PasswordReset, User
from accounts.sign_in import second_step, staff_links
from cases import services as cases
from cases.models import Draft
from cases.progress import Progress
from portal.models import Email, Host, News
from scheduling import services as scheduling
from scheduling.models import DayOff
from scheduling.tests import make

PASSWORD = "four-crowns-and-a-bridge"
ROLES = ["stranger", "member", "lab"]
STAFF = ["lab", "office"]
# At pages of the second step only: who has none yet, who has both kinds and has just come in, who
# did so long ago, and who has typed the password but no code.
AT_SECOND_STEP = ["newcomer", "careful", "long_in", "half"]
TOKEN = "of-a-link-in-a-mail"
OF_A_MEMBER = ["deactivate", "reactivate", "make_owner", "take_ownership"]
OF_AN_INVITATION = ["invite_again", "withdraw_invitation"]


@dataclass(frozen=True)
class Pattern:
    """A URL pattern of the portal: its full name, and its route with the parameters in it."""

    name: str
    route: str
    parameters: tuple
    model: str = ""

    def __str__(self):
        return self.name if not self.name.endswith(":") else self.route


def _walk(resolver, namespaces=(), route="", parameters=()):
    for pattern in resolver.url_patterns:
        below = route + str(pattern.pattern)
        asked = (*parameters, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = [*namespaces, pattern.namespace] if pattern.namespace else namespaces
            yield from _walk(pattern, inner, below, asked)
        else:
            model = re.match(r"admin/(\w+)/(\w+)/", below)
            known = model and model[1] in apps.app_configs
            label = f"{model[1]}.{model[2]}" if known else ""
            yield Pattern(":".join([*namespaces, pattern.name or ""]), below, asked, label)


PASSKEY = Authenticator.Type.WEBAUTHN
PATTERNS = list(_walk(get_resolver()))


def share(number, of):
    """The patterns of one of so many shares, all those of a model in the same.

    What adds a row and what changes one show the same form, which is then tried once.
    """
    subjects = sorted({one.model or one.name for one in PATTERNS})[number::of]
    return [one for one in PATTERNS if (one.model or one.name) in subjects]


# Written with its group in an expression, not with a converter.
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()\[\]]|\[[^\]]*\])*\)")


@dataclass
class World:
    """The rows, and what an address may ask for by name."""

    people: dict
    case_keys: list
    own: dict
    given: dict = field(default_factory=dict)

    def client(self, role):
        """A browser in which a person of this role is signed in."""
        client = Client(raise_request_exception=True)
        if role in {"newcomer", "careful", "half"}:
            login = {"login": self.people[role].email, "password": PASSWORD}
            client.post(reverse("account_login"), login)
            if role == "careful":
                cache.clear()  # the code of this half minute may have been used
                code = {"code": second_step.current_code(self.people[role])[0]}
                client.post(reverse("mfa_authenticate"), code)
        elif role in self.people:
            client.force_login(self.people[role])
        return client

    def roles(self, pattern):
        """Who may find a form at a pattern that others do not."""
        if pattern.name.startswith("admin:"):
            return STAFF
        return [*ROLES, *AT_SECOND_STEP] if pattern.name.startswith("mfa_") else ROLES

    def address(self, pattern, **given):
        """The address of a pattern, with rows of ours in it. KeyError: tell what stands there."""
        known = {**self.given, **self.own.get(pattern.name, {})}
        if pattern.model:
            row = apps.get_model(pattern.model).objects.order_by("pk").first()
            keys = {"object_id": row.pk, "id": row.pk, "pk": row.pk} if row else {}
            known |= keys
        known |= given
        known = {name: value() if callable(value) else value for name, value in known.items()}
        route = pattern.route.replace("^", "").replace("$", "")
        route = _GROUP.sub(lambda found: str(known[found[1]]), route)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(known[found[1]]), route)


def build(practice, member, lab, make_case):
    """Fill the database and give the World that leads through it."""
    now = timezone.now()
    for user in (member, lab):
        user.set_password(PASSWORD)
        user.save()
    case = make_case(
        number="20-10001", progress=Progress.READY, description="Guide for one implant."
    )
    making = make_case(number="20-10002", progress=Progress.MANUFACTURING)
    booked = make_case(number="20-10003", progress=Progress.READY)
    file = case.attachments.create(
        name="arch.stl",
        size=100,
        practice=practice,
        uploaded_by=member,
        state="failed",
        work_state="failed",
    )
    case.prescriptions.create(revision=1, snapshot={}, work_state="failed")
    case.missing_items.create(reason="no_cbct")
    cases.post_message(case, "Is it late?", by=member, now=now)
    cases.archive(making, by=member, now=now)
    planner = make.planner(hours=[(0, 9, 10)])
    DayOff.objects.create(planner=planner, first=now.date(), last=now.date())
    make.block(planner, now + timedelta(days=4))
    scheduling.book(make.block(planner, now + timedelta(days=3)), booked, by=member, now=now)
    draft = Draft.objects.create(user=member, data={"patient_name": ["Jo"]})
    _lab_rows(practice, member, lab, case, now)
    reset = {
        "uidb36": user_pk_to_url_str(member),
        "key": default_token_generator.make_token(member),
    }
    owned, asked = _people(practice, member, now)
    given = {"number": case.number, "pk": file.pk, "revision": 1, "form_key": draft.pk, **reset}
    clerk = User.objects.create_user("clerk@lab.example", name="Cleo", is_staff=True)
    clerk.groups.set(Group.objects.filter(name=PLANNER))
    given |= {
        "token": TOKEN,
        "to": "received",
        "app_label": "cases",
        "url": "nowhere/",
        "content_type_id": 1,
    }
    own = {
        "admin:view_on_site": {"object_id": case.pk},
        "scheduling:calendar": {"number": booked.number},
        "account_confirm_email": {"key": "x"},
        "accounts:staff_invited": {"token": staff_links.token(clerk)},
    }
    own |= {f"accounts:{name}": {"pk": owned.pk} for name in OF_A_MEMBER}
    own |= {f"accounts:{name}": {"pk": asked.pk} for name in OF_AN_INVITATION}
    people = {"member": member, "lab": lab, **_at_second_step(practice)}
    people["office"] = User.objects.create_user("office@lab.example", name="Olga", is_staff=True)
    people["office"].groups.set(Group.objects.filter(name=OFFICE))
    second_step.enrol(people["office"])
    passkey = Authenticator.objects.get(user=people["careful"], type=PASSKEY)
    own |= {f"mfa_{what}_webauthn": {"pk": passkey.pk} for what in ("edit", "remove")}
    return World(people, [case.pk, making.pk], own, given)


def _people(practice, member, now):
    """Another owner of the practice, and somebody who is invited by the link with TOKEN."""
    owned = User.objects.create_user(
        "kim@harbor.example", name="Kim Lee", practice=practice, is_owner=True
    )
    asked = practice.invitations.create(
        email="new@harbor.example",
        name="Nia New",
        invited_by=member,
        token_digest=Invitation.digest(TOKEN),
        created_at=now,
        expires_at=now + Invitation.LASTS,
    )
    return owned, asked


def _at_second_step(practice):
    people = {
        role: User.objects.create_user(f"{role}@harbor.example", PASSWORD, practice=practice)
        for role in AT_SECOND_STEP
    }
    for role in ("careful", "long_in", "half"):
        second_step.enrol(people[role])
        data = {"name": "Office laptop", "credential": _made_passkey()}
        Authenticator.objects.create(user=people[role], type=PASSKEY, data=data)
    return people


def _made_passkey():
    """What a browser answers once it has made a passkey, as JSON."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    made = AttestedCredentialData.create(Aaguid.NONE, b"passkey", key)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.AT
    seen = AuthenticatorData.create(hashlib.sha256(b"localhost").digest(), flags, 0, made)
    data = CollectedClientData.create(CollectedClientData.TYPE.CREATE, b"", "http://localhost")
    answer = AuthenticatorAttestationResponse(
        client_data=data, attestation_object=AttestationObject.create("none", seen, {})
    )
    return dict(RegistrationResponse(raw_id=b"passkey", response=answer))


def _reset_key(member):
    # Good until the next sign-in.
    member.refresh_from_db()
    return default_token_generator.make_token(member)


def _lab_rows(practice, member, lab, case, now):
    News.objects.create(title="Open", body="**Always**")
    Host.objects.create(name="web1", heard_at=now)
    Group.objects.get_or_create(name="Nobody")
    access_log.write(
        user=member,
        practice_id=practice.pk,
        case_number=case.number,
        what=Access.What.RX,
        action=Access.Action.DOWNLOADED,
        result=Access.Result.GIVEN,
    )
    PasswordReset.objects.create(email="nobody@x.example")
    Email.objects.create(key=uuid.uuid4().hex, kind="x", to="a@b.example", subject="x", text="x")
    LogEntry.objects.create(
        user=lab,
        content_type=ContentType.objects.get_for_model(practice),
        object_id=practice.pk,
        object_repr="x",
        action_flag=ADDITION,
        change_message="[]",
    )
