"""Two practices that have everything, the lab's planners beside them, and who may ask for it.

Every text and file of a practice carries its words: `OFFICE` what the lab's office may read too
(names, addresses), `PATIENT` what belongs to a patient. They are what must never turn up with
somebody whom it is none of the business of.
"""

import itertools
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts import access_log
from accounts.groups import EMERGENCY, LAB, OFFICE, PLANNER
from accounts.models import Access, Dentist, Invitation, PasswordReset, Practice, User
from accounts.sign_in import second_step
from cases import drafts, emergency
from cases.models import (
    Attachment,
    Case,
    Draft,
    EmergencyGrant,
    Material,
    Message,
    MissingItem,
    Prescription,
    RemovedFile,
)
from cases.progress import Progress
from cases.rx.revisions import snapshot
from portal.models import Email, Host, News
from portal.work import WorkState
from scheduling.models import Block, Planner, PlanningSession

# Nobody, or not any more, or not quite.
NOT_SIGNED_IN = ["anonymous", "expired", "idle", "overdue", "half", "deactivated", "closed"]
# Signed in, but without the second step that they must have.
NO_STEP = ["member_without_step", "lab_without_step"]
MEMBERS = ["owner", "member", "other"]
STAFF = ["lab", "planner", "office", "emergency", "emergency_over", "groupless", "superuser"]
ROLES = [*NOT_SIGNED_IN, *NO_STEP, *MEMBERS, *STAFF]
# Which cases the staff see. A planner sees those with a session in a block of theirs, and somebody
# of Emergency one that they have opened: the booked one of the own practice.
ALL, BOOKED, NONE = "all", "booked", "none"
SEES = {"lab": ALL, "superuser": ALL, "planner": BOOKED, "emergency": BOOKED, "office": NONE}
SEES |= {"emergency_over": NONE, "groupless": NONE}

PASSWORD = "four-crowns-and-a-bridge"
STORED = b"solid PATIENTWORD\n"
ARRIVING = b"first PATIENTWORD"
SIZE = 4 * len(ARRIVING)


@dataclass
class Side:
    """A practice with all that is its own."""

    word: str
    practice: Practice = None
    owner: User = None
    member: User = None
    second_owner: User = None
    passkey: Authenticator = None
    user_session: UserSession = None
    former: User = None
    invitation: Invitation = None
    dentist: Dentist = None
    planner: Planner = None
    # Of the lab, and nobody's planner yet.
    clerk: User = None
    booked: Case = None
    ready: Case = None
    made: Case = None
    attachment: Attachment = None
    failed: Attachment = None
    upload: Attachment = None
    prescription: Prescription = None
    session: PlanningSession = None
    block: Block = None
    draft: Draft = None
    item: MissingItem = None
    grant: EmergencyGrant = None
    mail: Email = None
    access: Access = None
    rows: dict = field(default_factory=dict)

    @property
    def office(self):
        return f"office{self.word}zq"

    @property
    def patient(self):
        return f"patient{self.word}zq"

    @property
    def cases(self):
        return [self.booked, self.ready, self.made]

    def body(self, text):
        return text.replace(b"PATIENTWORD", self.patient.encode())

    def restore_files(self):
        """What a request did to the bytes that are arriving is undone, as its rows are."""
        self.upload.staging_path.write_bytes(self.body(ARRIVING))


def make_world():
    """Rows and files; each call inside a transaction that is rolled back afterwards."""
    now = timezone.now()
    settings.STAGING_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    sides = [_side(word, number, now) for number, word in enumerate(["harbor", "hilltop"], 1)]
    world = SimpleNamespace(own=sides[0], foreign=sides[1], sides=sides)
    _shared_rows(world, now)
    world.people = _people(world, now)
    return world


def _side(word, number, now):
    side = Side(word)
    _people_of(side)
    numbers = (f"26-{70_000 + 1_000 * number + each}" for each in itertools.count(1))
    side.booked = _case(side, next(numbers), Progress.SCHEDULED, now)
    side.ready = _case(side, next(numbers), Progress.READY, now)
    side.made = _case(side, next(numbers), Progress.MANUFACTURING, now, archived_at=now)
    _files(side, now)
    _conversation(side)
    _planning(side, number, now)
    _records(side, now)
    side.rows = {
        "accounts.practice": side.practice,
        "accounts.dentist": side.dentist,
        "accounts.user": side.member,
        "accounts.user of the lab": side.clerk,
        "accounts.invitation": side.invitation,
        "accounts.access": side.access,
        "cases.case": side.booked,
        "cases.attachment": side.failed,
        "cases.prescription": side.prescription,
        "scheduling.planner": side.planner,
        "scheduling.block": side.block,
        "scheduling.planningsession": side.session,
        "portal.email": side.mail,
    }
    return side


def _people_of(side):
    office = side.office
    side.practice = Practice.objects.create(
        name=f"{office} Dental",
        email=f"front@{office}.example",
        phone=f"+1 555 {office}",
        shipping_address=f"1 {office} Street",
        time_zone="America/New_York",
    )
    side.dentist = Dentist.objects.create(
        practice=side.practice, name=f"Dr. {office}", license_number=office, license_state="ME"
    )
    people = {"practice": side.practice}
    side.owner = User.objects.create_user(
        f"owner@{office}.example", name=f"Owner {office}", is_owner=True, **people
    )
    side.member = User.objects.create_user(
        f"member@{office}.example", name=f"Member {office}", **people
    )
    side.second_owner = User.objects.create_user(
        f"second@{office}.example", name=f"Second {office}", is_owner=True, **people
    )
    side.former = User.objects.create_user(
        f"former@{office}.example", name=f"Former {office}", is_active=False, **people
    )
    side.passkey = Authenticator.objects.create(
        user=side.second_owner,
        type=Authenticator.Type.WEBAUTHN,
        data={"name": f"Key {office}", "credential": {}},
    )
    side.user_session = UserSession.objects.create(
        user=side.member, session_key=f"{office}-phone", ip="127.0.0.1", user_agent="Phone"
    )
    side.invitation = _invitation(side, side.word, f"invited@{office}.example")
    _invitation(side, f"{side.word}-known", side.former.email)
    _invitation(side, f"{side.word}-over", f"late@{office}.example", expires_at=timezone.now())


def _invitation(side, token, email, **fields):
    fields = {"expires_at": timezone.now() + Invitation.LASTS, "practice": side.practice} | fields
    return Invitation.objects.create(
        email=email, token_digest=Invitation.digest(token), invited_by=side.owner, **fields
    )


def _case(side, number, progress, now, **fields):
    patient = side.patient
    case = Case.objects.create(
        number=number,
        practice=side.practice,
        dentist=side.dentist,
        patient_name=f"Jane {patient}",
        teeth=["14"],
        implants={"14": f"Implant {patient}"},
        description=f"Guide for {patient}",
        shipping_address=f"2 {patient} Road",
        progress=progress,
        created_by=side.member,
        ship_date=(now + timedelta(days=20)).date(),
        **fields,
    )
    case.events.create(actor=side.member, kind="created", to_progress=progress)
    return case


def _files(side, now):
    name, case = f"{side.patient}.stl", {"case": side.booked, "practice": side.practice}
    given = {"name": name, "uploaded_by": side.member, "size": len(side.body(STORED))}
    side.attachment = Attachment.objects.create(
        state="stored", work_state=WorkState.DONE, received_at=now, **case, **given
    )
    default_storage.write(side.attachment.key, side.body(STORED))
    side.failed = Attachment.objects.create(
        state="failed", work_state=WorkState.FAILED, received_at=now, **case, **given
    )
    side.draft = Draft.objects.create(
        pk=uuid.uuid4(),
        user=side.member,
        data={"patient_name": [f"Draft {side.patient}"], "description": [side.patient]},
    )
    side.upload = Attachment.objects.create(
        form_key=side.draft.pk,
        practice=side.practice,
        uploaded_by=side.member,
        name=name,
        size=len(side.body(ARRIVING)) * 2,
        host=settings.STAGING_HOST,
        upload_key=uuid.uuid4(),
    )
    RemovedFile.objects.create(form_key=side.draft.pk, practice=side.practice, name=f"Old {name}")
    side.restore_files()
    side.prescription = Prescription.objects.create(
        case=side.booked,
        revision=1,
        snapshot=snapshot(side.booked, 1, side.word, by=side.owner, now=timezone.now()),
        file=f"prescriptions/{uuid.uuid4()}",
        work_state=WorkState.DONE,
    )
    default_storage.write(side.prescription.file.name, side.body(b"%PDF-1.7 PATIENTWORD"))


def _conversation(side):
    for case in (side.booked, side.ready):
        Message.objects.create(case=case, author=side.member, body=f"Ask {side.patient}")
        side.item = case.missing_items.create(reason="no_cbct")
        typed = {"description": [f"Update {side.patient}"], "teeth": ["14"]}
        Draft.objects.create(pk=drafts.update_key(case), user=side.member, case=case, data=typed)


def _planning(side, number, now):
    user = User.objects.create_user(f"planner{number}@lab.example", name="Pat", is_staff=True)
    user.groups.add(Group.objects.get(name=PLANNER))
    side.planner = Planner.objects.create(user=user, meeting_link=f"https://meet.example/{number}")
    side.clerk = User.objects.create_user(f"clerk{number}@lab.example", name="Clerk", is_staff=True)
    side.clerk.groups.add(Group.objects.get(name=PLANNER))
    taken, free = (
        Block.objects.create(
            planner=side.planner,
            starts_at=now + timedelta(days=3, hours=hour),
            ends_at=now + timedelta(days=3, hours=hour + 1),
        )
        for hour in (number, number + 5)
    )
    side.block = free
    side.session = PlanningSession.objects.create(
        block=taken, case=side.booked, booked_by=side.member
    )


def _sessions_of_nobody(world, groupless, now):
    """Sessions that open no case: a cancelled one, and that of a planner who is none any more."""
    own, foreign = world.own, world.foreign
    former = Planner.objects.create(user=groupless, meeting_link="https://meet.example/0")
    for planner, case, state in [
        (own.planner, foreign.ready, PlanningSession.State.CANCELLED),
        (former, own.made, PlanningSession.State.HELD),
    ]:
        starts_at = now - timedelta(days=3)
        block = Block.objects.create(
            planner=planner, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
        )
        PlanningSession.objects.create(block=block, case=case, booked_by=own.member, state=state)


def _records(side, now):
    office = side.office
    side.mail = Email.objects.create(
        key=f"case_submitted:{side.booked.number}:1:{side.practice.email}",
        kind="case_submitted",
        to=side.practice.email,
        subject=f"Case {side.booked.number}",
        text=f"To {office}",
        work_state=WorkState.FAILED,
    )
    side.access = access_log.write(
        user=side.member,
        practice_id=side.practice.pk,
        case_number=side.booked.number,
        what=Access.What.FILE,
        action=Access.Action.DOWNLOADED,
        item=str(side.attachment.pk),
        result=Access.Result.GIVEN,
        address="127.0.0.1",
    )


def _shared_rows(world, now):
    """What belongs to no practice: there is an "own" and a "foreign" one all the same."""
    for number, side in enumerate(world.sides):
        side.rows |= {
            "cases.material": Material.objects.create(name=f"Resin {number}"),
            "portal.news": News.objects.create(title=f"News {number}", body="Words", pinned=False),
            "portal.host": Host.objects.create(name=f"host{number}", heard_at=now),
            "accounts.passwordreset": PasswordReset.objects.create(
                email=f"x{number}@x.example", work_state=WorkState.FAILED
            ),
            "auth.group": Group.objects.create(name=f"Group {number}"),
        }
        for row in list(side.rows.values()):
            LogEntry.objects.create(
                user=side.planner.user,
                content_type=ContentType.objects.get_for_model(row),
                object_id=row.pk,
                object_repr=f"Row {side.patient}",
                action_flag=CHANGE,
            )


def _people(world, now):
    own, foreign = world.own, world.foreign
    strict = Practice.objects.create(
        name="Strict Dental", email="x@strict.example", requires_mfa=True
    )
    half = User.objects.create_user("half@x.example", PASSWORD, practice=own.practice)
    closed = Practice.objects.create(name="Closed Dental", email="x@closed.example")
    Practice.objects.filter(pk=closed.pk).update(is_active=False)
    for side in world.sides:
        _invitation(side, f"{side.word}-closed", f"{side.word}@closed.example", practice=closed)
    groups = [("lab", LAB), ("office", OFFICE), ("emergency", EMERGENCY), ("groupless", None)]
    groups += [("emergency_over", EMERGENCY)]
    staff = {}
    for role, group in groups:
        staff[role] = User.objects.create_user(f"{role}@lab.example", name="Sam", is_staff=True)
        staff[role].groups.set(Group.objects.filter(name=group))
    over = now - timedelta(days=1)
    for side, role, at in [
        (own, "emergency", now), (foreign, "emergency_over", over), (foreign, "groupless", now),
    ]:  # fmt: skip
        side.grant = emergency.open_case(side.booked, "A reason", by=staff[role], now=at)
    _sessions_of_nobody(world, staff["groupless"], now)
    root = User.objects.create_superuser("root@lab.example", name="Root")
    for user in [half, root, own.planner.user, *staff.values()]:
        second_step.enrol(user)
    without_step = User.objects.create_user("new@lab.example", name="Sam", is_staff=True)
    without_step.groups.add(Group.objects.get(name=LAB))
    return {
        "anonymous": None,
        "expired": own.member,
        "idle": own.member,
        "overdue": own.member,
        "half": half,
        "deactivated": own.former,
        "closed": User.objects.create_user("closed@x.example", practice=closed),
        "member_without_step": User.objects.create_user("s@strict.example", practice=strict),
        "lab_without_step": without_step,
        "owner": own.owner,
        "member": own.member,
        "other": foreign.member,
        "planner": own.planner.user,
        **staff,
        "superuser": root,
    }
