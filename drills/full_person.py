"""Every page of a person with every limit reached: how much memory it takes, and how long.

Makes a practice whose owner has stored all that may be stored, and a case of it with all that a
case may hold, in a temporary DATA_DIR, and asks for each page of the owner and of the lab. Ends
with 1 when a page takes more than 60 MB, or 500 ms of a processor: database and portal are one
process here, so that is all the work there is, whatever else the machine does meanwhile.

    .venv/bin/python -m drills.full_person [--tries 5]
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import tracemalloc
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

MEGABYTES = 60
MILLISECONDS = 500
# There is no limit for these in all: a day in which each hour is a full one, and a year of visits.
CASES = 4800
VISITS = 50_000
REVISIONS = 60
WORDS = "Größe 4,5 mm. "  # some of it takes more than a byte


@dataclass
class Full:
    """The owner, somebody of the lab, and what they ask for."""

    owner: object
    lab: object
    case: object  # red, and with all that a case may hold
    ready: object
    draft: object

    def pages(self):
        """Pairs of who asks and the address of a page."""
        yield from ((self.owner, path) for path in self._of_the_owner())
        yield from ((self.lab, path) for path in self._of_the_lab())

    def _of_the_owner(self):
        from cases import drafts

        record, key = f"/cases/{self.case.number}/", drafts.update_key(self.case)
        yield from ["/", "/help/", "/cases/", "/cases/?q=ann", "/cases/?sort=patient&page=96"]
        yield from ["/cases/?archived=1", "/cases/new/", f"/cases/new/?draft={self.draft.pk}"]
        older = "messages=2&events=2&rx=2&files=2"
        yield from [record, f"{record}?{older}", f"{record}created/", f"{record}rx/state/"]
        yield from [
            f"{record}files/",
            f"/cases/{self.ready.number}/schedule/",
            f"/files/?form={key}",
        ]
        yield from [f"/files/?form={self.draft.pk}", "/account/", "/account/members/"]
        yield from ["/account/members/?page=3&invitations=2", "/account/access/?page=100"]
        yield from [f"/account/access/?case={self.case.number}", "/account/access/?who=lab"]
        yield from ["/account/access/?before=20000", "/accounts/sessions/", "/accounts/two-step/"]
        yield from ["/accounts/two-step/webauthn/", "/accounts/password/change/"]

    def _of_the_lab(self):
        case = f"/admin/cases/case/{self.case.pk}/change/"
        yield from ["/", "/cases/", f"/cases/{self.case.number}/", case, f"{case}?files=2&rx=2"]
        yield from ["/admin/", "/admin/status/", "/admin/cases/case/", "/admin/cases/attachment/"]
        yield from ["/admin/cases/prescription/", "/admin/accounts/access/", "/admin/portal/news/"]


def fill(cases=CASES, visits=VISITS, revisions=REVISIONS):
    """Store all that may be stored, without asking the limits."""
    from accounts.models import User
    from accounts.sign_in import second_step
    from cases.progress import Progress

    owner = _people()
    _ways_in(owner)
    _visits(owner, visits)
    case = _cases(owner, cases)
    _conversation(owner, case)
    _revisions(case, revisions)
    _files(owner, case)
    draft = _drafts(owner, case)
    _news()
    lab = User.objects.create_superuser("lab@bench.example", name="Lab")
    second_step.enrol(lab)
    _planning(lab, case)
    ready = owner.practice.cases.filter(progress=Progress.READY).first()
    return Full(owner, lab, case, ready, draft)


def most(name):
    from django.conf import settings

    return settings.LIMITS[name]


def _people():
    from django.utils import timezone

    from accounts.models import Dentist, Invitation, Practice, User

    practice = Practice.objects.create(name="Full", email="full@bench.example")
    license = {"license_number": "D-1", "license_state": "ME"}
    Dentist.objects.create(practice=practice, name="Dr. Full", **license)
    User.objects.bulk_create(
        User(email=f"{number}@bench.example", name=f"Member {number}", practice=practice)
        for number in range(most("people_a_practice") - 150)
    )
    owner = practice.members.first()
    User.objects.filter(pk=owner.pk).update(is_owner=True)
    Invitation.objects.bulk_create(
        Invitation(
            practice=practice, email=f"i{number}@bench.example", token_digest=str(number),
            invited_by=owner, expires_at=timezone.now() + timedelta(days=7),
        )
        for number in range(150)
    )  # fmt: skip
    return User.objects.get(pk=owner.pk)


def _ways_in(owner):
    from allauth.mfa.models import Authenticator
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.sign_in import second_step

    second_step.enrol(owner)
    key = {"name": "Laptop", "credential": {"clientExtensionResults": {}, "rawId": "x" * 400}}
    Authenticator.objects.bulk_create(
        Authenticator(user=owner, type=Authenticator.Type.WEBAUTHN, data=key)
        for _ in range(most("passkeys_a_person"))
    )
    for _ in range(most("sessions_a_person") - 1):
        session = SessionStore()
        session.create()
        UserSession.objects.create(
            user=owner, ip="192.0.2.1", session_key=session.session_key, user_agent="Mozilla" * 20
        )


def _visits(owner, number):
    from accounts.models import Access

    about = {"what": "case", "action": "opened", "result": "given", "practice": owner.practice}
    Access.objects.bulk_create(
        (
            Access(user=owner, case_number=f"26-{each % 999}", address="192.0.2.1", **about)
            for each in range(number)
        ),
        batch_size=2000,
    )


def _cases(owner, number):
    from cases.models import DESCRIPTION_LIMIT, Case
    from cases.progress import Progress

    dentist = owner.practice.dentists.get()
    Case.objects.bulk_create(
        (
            Case(
                number=f"26-{count}", practice=owner.practice, dentist=dentist, created_by=owner,
                patient_name=f"Ann {count}", patient_key=f"ann {count}", teeth=["3", "14"],
                description=_text(DESCRIPTION_LIMIT), progress=Progress.values[count % 11],
            )
            for count in range(1, number + 1)
        ),
        batch_size=500,
    )  # fmt: skip
    case = Case.objects.get(number="26-1")
    Case.objects.filter(pk=case.pk).update(progress=Progress.MISSING)
    case.refresh_from_db()
    return case


def _text(length):
    return (WORDS * (length // len(WORDS) + 1))[:length]


def _conversation(owner, case):
    from cases.models import CaseEvent, Message, MissingItem
    from cases.readiness import REASONS

    body = _text(Message._meta.get_field("body").max_length)
    Message.objects.bulk_create(
        Message(case=case, author=owner, body=body)
        for _ in range(most("messages_an_hour_a_practice"))
    )
    CaseEvent.objects.bulk_create(
        CaseEvent(case=case, actor=owner, kind="archived", note=WORDS * 9)
        for _ in range(most("archivings_an_hour_a_person"))
    )
    MissingItem.objects.bulk_create(MissingItem(case=case, reason=reason) for reason in REASONS)


def _revisions(case, number):
    from cases.models import Prescription

    enclosure = {"name": "slice-0001.dcm", "size": 500_000, "kind": "CBCT", "state": "Received"}
    snapshot = {"description": case.description}
    snapshot["enclosures"] = [enclosure] * most("files_a_case")
    Prescription.objects.bulk_create(
        (
            Prescription(case=case, revision=revision, snapshot=snapshot, work_state="done")
            for revision in range(1, number + 1)
        ),
        batch_size=10,
    )


def _files(owner, case):
    from cases import drafts

    _make_files(owner, most("files_a_case"), case=case, state="stored", kind="dicom")
    unfinished = most("unfinished_uploads_a_person")
    key = drafts.update_key(case)
    _make_files(owner, most("files_a_form") - unfinished, form_key=key, state="stored")
    _make_files(owner, unfinished, form_key=key, state="uploading")


def _make_files(owner, number, **fields):
    from cases.models import Attachment, object_key

    work_state = "done" if fields["state"] == "stored" else "waiting"
    Attachment.objects.bulk_create(
        (
            Attachment(
                practice=owner.practice, uploaded_by=owner, name=f"slice-{count:05}.dcm",
                size=500_000, key=object_key("attachments", uuid.uuid4().hex),
                work_state=work_state, **fields,
            )
            for count in range(number)
        ),
        batch_size=500,
    )  # fmt: skip


def _drafts(owner, case):
    from django.http import QueryDict

    from cases import drafts

    typed = QueryDict(mutable=True)
    for name, limit in drafts.LIMITS.items():
        typed[name] = _text(limit * 4)
    typed["surgery_date"] = "2030-01-01"
    drafts.keep(drafts.update_key(case), typed, case, by=owner)
    for _ in range(most("drafts_a_person") - 1):
        draft = drafts.keep(uuid.uuid4(), typed, by=owner)
    _make_files(owner, most("files_a_form"), form_key=draft.pk, state="stored")
    return draft


def _planning(lab, case):
    from django.utils import timezone

    from scheduling.models import Block, Planner, PlanningSession

    planner, now = Planner.objects.create(user=lab), timezone.now()
    Block.objects.bulk_create(
        Block(planner=planner, starts_at=begin, ends_at=begin + timedelta(minutes=5))
        for begin in (now + timedelta(minutes=5 * number) for number in range(-100, 6000))
    )
    PlanningSession.objects.bulk_create(
        PlanningSession(block=block, case=case, state="missed", booked_by=lab)
        for block in Block.objects.all()[:100]
    )


def _news():
    from portal.models import BODY_LIMIT, News

    body = ("**Bold** and [a link](https://lab.example).\n\n- one\n- two\n\n" * 200)[:BODY_LIMIT]
    News.objects.bulk_create(News(title=f"News {number}", body=body) for number in range(100))


def peak(ask):
    """The answer, and the most memory in MB that Python held for it."""
    tracemalloc.start()
    answer = ask()
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return answer, held / 1e6


def _milliseconds(ask, tries):
    """The median of what the processor worked, and of what went by."""
    took = []
    for _ in range(tries):
        began = time.process_time(), time.perf_counter()
        ask()
        took.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    return [1000 * statistics.median(column) for column in zip(*took, strict=True)]


def _measure(full, tries):
    """Print a line for each page; returns whether each stays below both."""
    from django.test import Client

    clients = {who: Client(SERVER_NAME="localhost") for who in (full.owner, full.lab)}
    for who, client in clients.items():
        client.force_login(who)
    good = True
    for who, path in full.pages():
        ask = partial(clients[who].get, path)
        answer, megabytes = peak(ask)
        took, went_by = _milliseconds(ask, tries)
        is_good = answer.status_code == 200 and megabytes <= MEGABYTES and took <= MILLISECONDS
        good = good and is_good
        told = f"{megabytes:6.1f} MB  {took:4.0f} ms ({went_by:5.0f} went by)"
        print(f"{'ok   ' if is_good else 'WRONG'}  {told}  {who.name}: {path}", flush=True)
    return good


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tries", type=int, default=5)
    tries = arguments.parse_args().tries
    with tempfile.TemporaryDirectory(prefix="full-") as folder:
        os.environ.update(DATA_DIR=folder, STATIC_ROOT=f"{folder}/static")
        os.environ.pop("DATABASE_URL", None)
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
        import django
        from django.core.management import call_command

        django.setup()
        for words in (["migrate"], ["createcachetable"], ["prepare", "--static"]):
            call_command(*words, verbosity=0)
        return 0 if _measure(fill(), tries) else 1


if __name__ == "__main__":
    sys.exit(main())
