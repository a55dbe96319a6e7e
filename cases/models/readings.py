"""What is in the files of cases, as readers found it."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from cases import filetypes
from cases.intake.limited import NOT_READ
from cases.intake.reading import Kind, Reading
from cases.models.files import NOT_REMOVED, Attachment
from portal.work import Work, WorkQuerySet, WorkState

State = Attachment.State
STORED = State.STORED

# What the list of files calls a file of each kind; of the others, what its first bytes said.
_SHOWN_AS = {
    Kind.CBCT: filetypes.CBCT,
    Kind.XRAY: filetypes.XRAY,
    Kind.IN_DICOM: filetypes.DOCUMENT,
    Kind.DICOM: filetypes.OTHER,
    Kind.SCANS: filetypes.SURFACE_SCAN,
    Kind.SCAN: filetypes.SURFACE_SCAN,
    Kind.SCAN_3SHAPE: filetypes.SURFACE_SCAN,
    Kind.SCAN_EMPTY: filetypes.SURFACE_SCAN,
    Kind.SCAN_DAMAGED: filetypes.SURFACE_SCAN,
    Kind.PHOTO: filetypes.PHOTO,
    Kind.DOCUMENT: filetypes.DOCUMENT,
    Kind.LOCKED: filetypes.ARCHIVE,
    Kind.NO_SCAN: filetypes.OTHER,
}


def shown_as(kind: str, findings: dict) -> str:
    """What `cases.filetypes` calls a file that a reader called this; "" for what it leaves open."""
    return _SHOWN_AS.get(kind) or (filetypes.ARCHIVE if findings.get("container") else "")


# It takes seconds. Whatever holds it up longer, no page need ask for every other second.
LONGEST_READING = timedelta(minutes=10)


class FileReadingQuerySet(WorkQuerySet):
    def expected(self, now):
        """Those that a page waits for, of files that are stored by now or not."""
        return self.filter(work_state=WorkState.WAITING, created_at__gt=now - LONGEST_READING)

    def due(self, now):
        # Not by a join: a claim must look at the row itself, or two workers could win it.
        return super().due(now).filter(_has_file(NOT_REMOVED, state__in=[State.RECEIVED, STORED]))

    def unfinished(self):
        return super().unfinished().filter(_has_file(NOT_REMOVED, state=State.RECEIVED))

    def on_this_host(self):
        """Once a file is stored, every host can read it."""
        here = Q(host__in=["", settings.STAGING_HOST]) | Q(state=STORED)
        return self.filter(_has_file(here))


def _has_file(*conditions, **fields):
    files = Attachment.objects.filter(*conditions, pk=OuterRef("attachment_id"), **fields)
    return Exists(files)


class FileReading(Work):
    """What a reader found in a file; a row from the moment on in which its last byte is here."""

    task = "cases.tasks.read_attachment"
    # A file that kills its reader twice would do so again.
    max_failures = 2

    attachment = models.OneToOneField(Attachment, on_delete=models.CASCADE, related_name="reading")
    # A `cases.intake.reading.Kind`; "" until somebody has read it.
    kind = models.CharField(max_length=60, blank=True)
    # By name, as `cases.intake.reading.Reading` says; a patient's name is among them.
    findings = models.JSONField(default=dict)
    sentences = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)

    objects = FileReadingQuerySet.as_manager()

    class Meta:
        verbose_name = "reading"
        indexes = [models.Index(fields=["work_state", "work_asked_at"], name="reading_work")]

    def __str__(self):
        return f"Reading of {self.attachment_id}"

    @property
    def work_queue(self):
        file = self.attachment
        is_stored = file.state == STORED
        return settings.CELERY_TASK_DEFAULT_QUEUE if is_stored else file.work_queue

    def is_expected(self, now):
        """As `FileReadingQuerySet.expected` says."""
        is_new = self.created_at > now - LONGEST_READING
        return is_new and self.work_state == WorkState.WAITING

    def keep(self, found: Reading) -> bool:
        """Write down what was found; False when another worker did. The file is named by it."""
        kept = self.finish(kind=found.kind, findings=found.findings, sentences=found.sentences)
        if kept and (kind := shown_as(found.kind, found.findings)):
            Attachment.objects.filter(pk=self.attachment_id).update(kind=kind)
        return kept

    def give_up(self, reason, **changes):
        """A file that is not read is no work left for anybody: it says so, and is kept."""
        return self.keep(Reading(Kind.OTHER, {"not_read": reason}, [NOT_READ]))
