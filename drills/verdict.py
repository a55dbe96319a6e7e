"""The drill's own hand in the database: the lab's moves, and the verdict.

Imported once Django is set up for the portal that is being drilled.
"""

import time
from collections import Counter
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

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


def given_up():
    """A sentence for each row whose work was given up."""
    return {
        f"{model.__name__} {row.pk}: {row.work_failure}"
        for model in kinds()
        for row in model.objects.filter(work_state=WorkState.FAILED)
    }


def sent_mails():
    return Email.objects.filter(work_state=WorkState.DONE)


def latest_mails(number):
    return list(Email.objects.order_by("-pk")[:number])


def is_whole(key, sha256):
    try:
        return default_storage.stored_digest(key) == sha256
    except OSError:
        return False


class Verdict:
    """Holds what was sent against what is there, and says so by `checks`.

    `mails` came out of SMTP. `known` are mails in rows that never went that way, by their keys, and
    `failed` what given_up() said, before anything happened.
    """

    def __init__(self, checks, sent, mails=(), known=(), failed=()):
        self.checks = checks
        self.sent, self.known, self.failed = sent, known, failed
        self.mails = Counter(mail["Message-ID"] for mail in mails)

    def say(self, bad, sentence, *details):
        """A line that passed when there is nothing `bad`."""
        self.checks.check(not bad, sentence, *details)

    def nothing_is_lost(self):
        self.files()
        self.scripts()
        self.objects()
        self.mail()
        failed = given_up() - set(self.failed)
        self.say(failed, f"rows given up {len(failed)}", *failed)

    def nothing_else_is_there(self, staging):
        """For a portal that has nothing but what was sent."""
        self.cases()
        self.sessions()
        waiting = unfinished()
        self.say(waiting.total(), f"rows unfinished {waiting.total()}", *waiting.elements())
        left = sorted(path.name for path in staging.iterdir())
        self.say(left, f"files left in staging {len(left)}", *left)

    def cases(self):
        found = dict(Case.objects.values_list("form_key", "number"))
        known = {str(key): number for key, number in found.items()}
        lost = [one for one in self.sent if known.get(one.form_key) != one.number]
        self.say(lost, f"cases sent {len(self.sent)}, lost {len(lost)}")
        more = Case.objects.count() - len(self.sent)
        self.say(more, f"cases that nobody sent, or sent twice: {more}")
        created = CaseEvent.objects.filter(kind=CaseEvent.Kind.CREATED).count()
        self.say(created != len(self.sent), f"events «Case sent» {created}")
        rows = Prescription.objects.count()
        self.say(rows != len(self.sent), f"RX scripts for each case once: {rows} revisions")
        confirmations = sent_mails().filter(kind="case_submitted").count()
        self.say(confirmations != len(self.sent), f"confirmations, one a case: {confirmations}")

    def files(self):
        lost, damaged, count = [], [], 0
        for one in self.sent:
            rows = {file.name: file for file in Attachment.objects.filter(case__number=one.number)}
            for name, sha256 in one.files.items():
                count += 1
                file = rows.pop(name, None)
                if file is None or file.state != Attachment.State.STORED:
                    lost.append(f"case {one.number}: {name} is {file and file.state}")
                elif file.sha256 != sha256 or not is_whole(file.key, sha256):
                    damaged.append(f"case {one.number}: {name}")
            lost += [f"case {one.number}: a file {name} that nobody sent" for name in rows]
        self.say(lost, f"files sent {count}, lost or repeated {len(lost)}", *lost)
        said = f"objects read back {count}, other than the client's {len(damaged)}"
        self.say(damaged, said, *damaged)
        loose = Attachment.objects.filter(case=None, name__startswith="scan-").count()
        self.say(loose, f"rows of files without a case: {loose}")

    def scripts(self):
        rows = list(Prescription.objects.all())
        wrong = [rx for rx in rows if not is_whole(rx.file.name, rx.sha256)]
        self.say(wrong, f"RX scripts {len(rows)}, missing or other than rendered {len(wrong)}")

    def objects(self):
        keys = {*Attachment.objects.values_list("key", flat=True)}
        keys |= {*Prescription.objects.values_list("file", flat=True)}
        found = {key for key, _, _ in default_storage.objects()}
        strays = sorted(found - keys)
        self.say(strays, f"objects {len(found)}, without a row {len(strays)}", *strays)

    def mail(self):
        rows = sent_mails().exclude(pk__in=self.known)
        expected = Counter(f"<{row.kind}.{row.pk}" for row in rows)
        # A second id for one row would be a second mail.
        came = Counter(message_id.partition("@")[0] for message_id in self.mails)
        missing, unknown = expected - came, came - expected
        self.say(missing, f"mails in rows {expected.total()}, not sent {len(missing)}")
        self.say(unknown, f"mails sent {len(came)}, without a row {len(unknown)}", *unknown)
        # SMTP took them, and the worker died before its note: known and accepted, so a figure.
        twice = sum(count > 1 for count in self.mails.values())
        print(f"       {twice} of {len(self.mails)} mails twice with one Message-ID")

    def sessions(self):
        wanted = [one for one in self.sent if one.block]
        booked = dict(PlanningSession.objects.booked().values_list("case__number", "block_id"))
        wrong = [one.number for one in wanted if booked.get(one.number) != one.block]
        self.say(wrong, f"sessions booked {len(wanted)}, lost {len(wrong)}", *wrong)
        more = PlanningSession.objects.count() - len(wanted)
        self.say(more, f"sessions that nobody booked, or booked twice: {more}")
