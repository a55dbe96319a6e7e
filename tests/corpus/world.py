"""The world of the matrix, and beside it whom one must be to find every form."""

import hashlib
from datetime import timedelta

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
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

from accounts.models import User
from accounts.sign_in import second_step
from cases.models import Draft, Prescription
from scheduling.models import DayOff, WorkingHours
from tests.matrix.cells import all_cells
from tests.matrix.rules import NOWHERE, OWN, asked
from tests.matrix.world import PASSWORD, make_world

ROLES = ["stranger", "member", "lab"]
STAFF = ["lab", "office"]
# At pages of the second step only: who has none yet, who has both kinds and has just come in, who
# did so long ago, and who has typed the password but no code.
AT_SECOND_STEP = ["newcomer", "careful", "long_in", "half"]
PASSKEY = Authenticator.Type.WEBAUTHN


class World:
    """`own` are the rows of the practice whose owner is the member; the lab is a superuser."""

    def __init__(self):
        self.rows = make_world()
        self.own = self.rows.own
        member, known = self.own.owner, self.rows.people
        people = {"member": member, "lab": known["superuser"], "office": known["office"]}
        self.people = people | _at_second_step(self.own.practice)
        for user in (member, people["lab"]):
            user.set_password(PASSWORD)
            user.save()
        _more_rows(member, self.own)
        # Of the rows of the matrix, the first for an address says what stands in it.
        self.cells = {cells.pattern: cells for cells in reversed(all_cells())}
        passkey = Authenticator.objects.get(user=self.people["careful"], type=PASSKEY)
        key = {
            "uidb36": user_pk_to_url_str(member),
            "key": default_token_generator.make_token(member),
        }
        self.other = {
            "account_reset_password_from_key": key,
            "scheduling:schedule": {"number": self.own.ready.number},
            "mfa_edit_webauthn": {"pk": passkey.pk},
            "mfa_remove_webauthn": {"pk": passkey.pk},
        }

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
        """The address of a pattern, with rows of the member's practice in it, or what is given."""
        values = self.cells[pattern.row].values(asked(self.rows, "owner", OWN))
        return pattern.address({**NOWHERE, **values, **self.other.get(pattern.name, {}), **given})


def _more_rows(member, own):
    Draft.objects.create(user=member, data={"patient_name": ["Jo"]})
    # Two revisions have a form to compare others.
    script = own.booked.prescriptions.get()
    Prescription.objects.create(case=own.booked, revision=2, snapshot=script.snapshot)
    planner = own.planner
    WorkingHours.objects.create(planner=planner, weekday=0, start="09:00", end="10:00")
    day = timezone.localdate() + timedelta(days=9)
    DayOff.objects.create(planner=planner, first=day, last=day)


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
