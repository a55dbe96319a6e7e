"""The drill's own hand in the database: people at the start, the lab's moves, and the verdict.

Imported once Django is set up for the portal that is being drilled.
"""

import hashlib
import time
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from accounts.models import Dentist, Practice, User
from accounts.sign_in import second_step
from cases import services
from cases.models import Attachment, Case, CaseEvent, Prescription
from cases.progress import Progress, Who
from portal.models import Email
from portal.work import WorkState, kinds
from scheduling.models import Block, Planner, PlanningSession

PATIENCE = 120


def steadily(deed):
    """The result of `deed`, called again while the database is away."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return deed()
        except (DatabaseError, InterfaceError, services.ChangedMeanwhile):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def move_in(members):
    """A practice with a dentist and members; returns the dentist's key and a session key each."""
    practice = Practice.objects.create(name="Drill Dental", email="office@drill.example")
    dentist = Dentist.objects.create(
        practice=practice, name="Dr. Drill", license_number="1", license_state="ME"
    )
    lab = User.objects.create_user("lab@drill.example", name="Lab", is_staff=True)
    second_step.enrol(lab)
    Planner.objects.create(user=lab)
    users = [
        User.objects.create_user(f"member{number}@drill.example", practice=practice)
        for number in range(members)
    ]
    return dentist.pk, [_sign_in(user) for user in users]


def _sign_in(user):
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key


def offer_block(number, at):
    """The lab makes a case ready to plan; returns the key of a block that is free for it."""
    planner = Planner.objects.get()
    case = Case.objects.get(number=number)
    for progress in (Progress.RECEIVED, Progress.READY):
        if case.progress not in (progress, Progress.READY):
            services.move(case, progress, Who.LAB, by=planner.user, now=timezone.now())
    starts_at = timezone.now().replace(microsecond=0) + timedelta(days=2, hours=at)
    block = Block.objects.create(
        planner=planner, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=30)
    )
    return block.pk


def unfinished():
    """How many rows of each kind of work are not done, as a Counter."""
    return Counter({model.__name__: model.objects.unfinished().count() for model in kinds()})


class Verdict:
    """Holds what was sent against what is there; `lines` are (passed, sentence) pairs."""

    def __init__(self, sent, bucket, mails, staging):
        self.sent, self.staging = sent, staging
        self.mails = Counter(mail["Message-ID"] for mail in mails)
        self.objects = {one.key: one for one in bucket.objects.all()}
        self.lines = []

    def say(self, bad, sentence, *details):
        """A line that passed when there is nothing `bad`."""
        self.lines.append((not bad, sentence))
        for detail in list(details)[:10]:
            self.lines.append((None, f"    {detail}"))

    def judge(self):
        self.cases()
        self.files()
        self.scripts()
        self.objects_and_rows()
        self.mail()
        self.sessions()
        self.work()
        return self.lines

    def cases(self):
        found = dict(Case.objects.values_list("form_key", "number"))
        known = {str(key): number for key, number in found.items()}
        lost = [one for one in self.sent if known.get(one.form_key) != one.number]
        self.say(lost, f"cases sent {len(self.sent)}, lost {len(lost)}")
        more = Case.objects.count() - len(self.sent)
        self.say(more, f"cases that nobody sent, or sent twice: {more}")
        created = CaseEvent.objects.filter(kind=CaseEvent.Kind.CREATED).count()
        self.say(created != len(self.sent), f"events «Case sent» {created}")

    def files(self):
        lost, damaged, count = [], [], 0
        for one in self.sent:
            rows = {file.name: file for file in Attachment.objects.filter(case__number=one.number)}
            for name, sha256 in one.files.items():
                count += 1
                file = rows.pop(name, None)
                if file is None or file.state != Attachment.State.STORED:
                    lost.append(f"case {one.number}: {name} is {file and file.state}")
                elif not file.sha256 == sha256 == self._read_back(file.key):
                    damaged.append(f"case {one.number}: {name}")
            lost += [f"case {one.number}: a file {name} that nobody sent" for name in rows]
        self.say(lost, f"files sent {count}, lost or repeated {len(lost)}", *lost)
        self.say(
            damaged, f"objects read back {count}, other than the client's {len(damaged)}", *damaged
        )
        loose = Attachment.objects.exclude(case__isnull=False).count()
        self.say(loose, f"rows of files without a case: {loose}")

    def _read_back(self, key):
        sha256 = hashlib.sha256()
        if key in self.objects:
            for block in self.objects[key].get()["Body"].iter_chunks(1024**2):
                sha256.update(block)
        return sha256.hexdigest()

    def scripts(self):
        rows = list(Prescription.objects.all())
        wrong = [rx for rx in rows if rx.sha256 != self._read_back(rx.file.name)]
        self.say(wrong, f"RX scripts {len(rows)}, missing or other than rendered {len(wrong)}")
        self.say(
            len(rows) != len(self.sent), f"RX scripts for each case once: {len(rows)} revisions"
        )

    def objects_and_rows(self):
        keys = {*Attachment.objects.values_list("key", flat=True)}
        keys |= {*Prescription.objects.values_list("file", flat=True)}
        strays = sorted(set(self.objects) - keys)
        self.say(strays, f"objects {len(self.objects)}, without a row {len(strays)}", *strays)
        left = sorted(path.name for path in self.staging.iterdir())
        self.say(left, f"files left in staging {len(left)}", *left)

    def mail(self):
        rows = Email.objects.filter(work_state=WorkState.DONE)
        expected = Counter(_message_id_part(row) for row in rows)
        came = Counter(message_id.partition("@")[0] for message_id in self.mails)
        missing, unknown = expected - came, came - expected
        self.say(missing, f"mails in rows {sum(expected.values())}, not sent {len(missing)}")
        self.say(unknown, f"mails sent {len(came)}, without a row {len(unknown)}", *unknown)
        # SMTP took them, and the worker died before its note: known and accepted, so a figure.
        twice = sum(count > 1 for count in self.mails.values())
        figure = f"      {twice} of {len(self.mails)} mails twice with one Message-ID"
        self.lines.append((None, figure))
        confirmations = rows.filter(kind="case_submitted").count()
        self.say(confirmations != len(self.sent), f"confirmations, one a case: {confirmations}")

    def sessions(self):
        wanted = [one for one in self.sent if one.block]
        booked = dict(PlanningSession.objects.booked().values_list("case__number", "block_id"))
        wrong = [one.number for one in wanted if booked.get(one.number) != one.block]
        self.say(wrong, f"sessions booked {len(wanted)}, lost {len(wrong)}", *wrong)
        more = PlanningSession.objects.count() - len(wanted)
        self.say(more, f"sessions that nobody booked, or booked twice: {more}")

    def work(self):
        waiting = unfinished()
        self.say(waiting.total(), f"rows unfinished {waiting.total()}", *waiting.elements())
        failed = [
            f"{model.__name__} {row.pk}: {row.work_failure}"
            for model in kinds()
            for row in model.objects.filter(work_state=WorkState.FAILED)
        ]
        self.say(failed, f"rows given up {len(failed)}", *failed)


def _message_id_part(row):
    return f"<{row.kind}.{row.pk}"
