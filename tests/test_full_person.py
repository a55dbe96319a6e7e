"""No page of a person with every limit reached takes much memory or asks for much."""

import tracemalloc
import uuid
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Access, Invitation, User
from accounts.sign_in import second_step
from cases import drafts
from cases.models import (
    DESCRIPTION_LIMIT,
    Attachment,
    Case,
    CaseEvent,
    Message,
    MissingItem,
    Prescription,
    object_key,
)
from cases.progress import Progress
from cases.readiness import REASONS
from portal.models import BODY_LIMIT, News
from scheduling.models import Block, Planner, PlanningSession

MEGABYTES, QUERIES = 60, 60
# The library asks for each session whether it is still one.
SESSIONS = "/accounts/sessions/"
MOST = settings.LIMITS
WORDS = "Größe 4,5 mm. " * 10_000  # some of it takes more than a byte
# There is no limit for these in all: a day in which each hour is a full one, and a year of visits.
A_PART = {"cases": 300, "visits": 600, "revisions": 25}
THE_WHOLE = {"cases": 4800, "visits": 50_000, "revisions": 60}


@pytest.fixture(params=[A_PART, pytest.param(THE_WHOLE, marks=pytest.mark.proof)])
def sizes(request):
    return request.param


@pytest.fixture
def owner(dentist_user, sizes):
    """Somebody who has stored all that may be stored, past the limits."""
    practice = dentist_user.practice
    User.objects.filter(pk=dentist_user.pk).update(is_owner=True, password="")
    User.objects.bulk_create(
        User(email=f"{number}@x.example", name=f"Member {number}", practice=practice)
        for number in range(MOST["people_a_practice"] - 151)
    )
    common = {"practice": practice, "invited_by": dentist_user}
    common["expires_at"] = timezone.now() + timedelta(days=7)
    Invitation.objects.bulk_create(
        Invitation(email=f"i{number}@x.example", token_digest=str(number), **common)
        for number in range(150)
    )
    second_step.enrol(dentist_user)
    key = {"name": "Laptop", "credential": {"clientExtensionResults": {}, "rawId": "x" * 400}}
    Authenticator.objects.bulk_create(
        Authenticator(user=dentist_user, type=Authenticator.Type.WEBAUTHN, data=key)
        for _ in range(MOST["passkeys_a_person"])
    )
    common = {"user": dentist_user, "ip": "192.0.2.1", "user_agent": "Mozilla" * 20}
    for _ in range(MOST["sessions_a_person"] - 1):
        session = SessionStore()
        session.create()
        UserSession.objects.create(session_key=session.session_key, **common)
    common = {"what": "case", "action": "opened", "result": "given", "practice": practice}
    common |= {"user": dentist_user, "address": "192.0.2.1"}
    Access.objects.bulk_create(
        (Access(case_number=f"26-{each % 999}", **common) for each in range(sizes["visits"])),
        batch_size=2000,
    )
    return User.objects.get(pk=dentist_user.pk)


@pytest.fixture
def case(owner, sizes):
    """A red case with all that a case may hold, among many."""
    common = {"practice": owner.practice, "dentist": owner.practice.dentists.get()}
    common |= {"created_by": owner, "teeth": ["3", "14"], "description": WORDS[:DESCRIPTION_LIMIT]}
    Case.objects.bulk_create(
        (
            Case(
                number=f"26-{count}",
                patient_name=f"Ann {count}",
                patient_key=f"ann {count}",
                progress=Progress.MISSING if count == 1 else Progress.values[count % 11],
                **common,
            )
            for count in range(1, sizes["cases"] + 1)
        ),
        batch_size=500,
    )
    case = Case.objects.get(number="26-1")
    body = WORDS[: Message._meta.get_field("body").max_length]
    Message.objects.bulk_create(
        Message(case=case, author=owner, body=body)
        for _ in range(MOST["messages_an_hour_a_practice"])
    )
    CaseEvent.objects.bulk_create(
        CaseEvent(case=case, actor=owner, kind="archived", note=WORDS[:130])
        for _ in range(MOST["archivings_an_hour_a_person"])
    )
    MissingItem.objects.bulk_create(MissingItem(case=case, reason=reason) for reason in REASONS)
    enclosure = {"name": "slice-0001.dcm", "size": 500_000, "kind": "CBCT", "state": "Received"}
    snapshot = {"description": case.description, "enclosures": [enclosure] * MOST["files_a_case"]}
    Prescription.objects.bulk_create(
        (
            Prescription(case=case, revision=revision, snapshot=snapshot, work_state="done")
            for revision in range(1, sizes["revisions"] + 1)
        ),
        batch_size=10,
    )
    unfinished, key = MOST["unfinished_uploads_a_person"], drafts.update_key(case)
    make_files(owner, MOST["files_a_case"], case=case, kind="dicom")
    make_files(owner, MOST["files_a_form"] - unfinished, form_key=key)
    make_files(owner, unfinished, form_key=key, state="uploading", work_state="waiting")
    return case


def make_files(owner, number, state="stored", work_state="done", **fields):
    fields |= {"practice": owner.practice, "uploaded_by": owner, "size": 500_000}
    fields |= {"state": state, "work_state": work_state}
    Attachment.objects.bulk_create(
        (
            Attachment(
                name=f"slice-{count:05}.dcm",
                key=object_key("attachments", uuid.uuid4().hex),
                **fields,
            )
            for count in range(number)
        ),
        batch_size=500,
    )


@pytest.fixture
def draft(owner, case):
    typed = QueryDict(mutable=True)
    typed.update({name: WORDS[: limit * 4] for name, limit in drafts.LIMITS.items()})
    typed["surgery_date"] = "2030-01-01"
    drafts.keep(drafts.update_key(case), typed, case, by=owner)
    for _ in range(MOST["drafts_a_person"] - 1):
        draft = drafts.keep(uuid.uuid4(), typed, by=owner)
    make_files(owner, MOST["files_a_form"], form_key=draft.pk)
    return draft


@pytest.fixture
def lab(lab_user, case):
    """Somebody who plans in the lab, and has written news."""
    planner, now = Planner.objects.create(user=lab_user), timezone.now()
    Block.objects.bulk_create(
        Block(planner=planner, starts_at=begin, ends_at=begin + timedelta(minutes=5))
        for begin in (now + timedelta(minutes=5 * number) for number in range(-100, 6000))
    )
    PlanningSession.objects.bulk_create(
        PlanningSession(block=block, case=case, state="missed", booked_by=lab_user)
        for block in Block.objects.all()[:100]
    )
    body = ("**Bold** and [a link](https://lab.example).\n\n- one\n- two\n\n" * 200)[:BODY_LIMIT]
    News.objects.bulk_create(News(title=f"News {number}", body=body) for number in range(100))
    return lab_user


def pages_of_the_owner(case, draft):
    record, access = f"/cases/{case.number}/", "/account/access/"
    ready = case.practice.cases.filter(progress=Progress.READY).first()
    yield from ["/", "/help/", "/cases/", "/cases/?q=ann", "/cases/?sort=patient&page=96"]
    yield from ["/cases/?archived=1", "/cases/new/", f"/cases/new/?draft={draft.pk}"]
    yield from [record, f"{record}?messages=2&events=2&rx=2&files=2", f"{record}created/"]
    yield from [f"{record}rx/state/", f"{record}files/", f"/cases/{ready.number}/schedule/"]
    yield from [f"/files/?form={drafts.update_key(case)}", f"/files/?form={draft.pk}"]
    yield from ["/account/", "/account/members/", "/account/members/?page=3&invitations=2"]
    yield from [f"{access}?page=100", f"{access}?case={case.number}", f"{access}?who=lab"]
    yield from [f"{access}?before=20000", SESSIONS, "/accounts/two-step/"]
    yield from ["/accounts/two-step/webauthn/", "/accounts/password/change/"]


def pages_of_the_lab(case):
    page = f"/admin/cases/case/{case.pk}/change/"
    yield from ["/", "/cases/", f"/cases/{case.number}/", page, f"{page}?files=2&rx=2"]
    yield from ["/admin/", "/admin/status/", "/admin/cases/case/", "/admin/cases/attachment/"]
    yield from ["/admin/cases/prescription/", "/admin/accounts/access/", "/admin/portal/news/"]


def test_no_page_of_a_person_with_every_limit_reached_is_large(owner, case, draft, lab, sizes):
    too_much = []
    for who, pages in ((owner, pages_of_the_owner(case, draft)), (lab, pages_of_the_lab(case))):
        client = Client()
        client.force_login(who)
        for path in pages:
            with CaptureQueriesContext(connection) as asked:
                if sizes is THE_WHOLE:  # to look at memory takes long
                    tracemalloc.start()
                answer = client.get(path)
                megabytes = tracemalloc.get_traced_memory()[1] / 1e6
                tracemalloc.stop()
            most = QUERIES + 4 * 50 if path == SESSIONS else QUERIES
            if answer.status_code != 200 or megabytes > MEGABYTES or len(asked) > most:
                too_much.append((path, answer.status_code, megabytes, len(asked)))
    assert too_much == []
