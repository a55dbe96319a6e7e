"""The files of a case: those that came with it, and the RX scripts made from it."""

import secrets
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Practice
from cases import filetypes
from cases.intake.names import BITE, LOWER, PREOP, SCAN_BODY, UPPER
from cases.models.case import Case, sees_all_cases
from cases.models.conversation import MissingItem
from portal.files import staging
from portal.files.virus_scanner import Verdict
from portal.models import staging_queue
from portal.work import Work, WorkQuerySet, WorkState

ARCHES = {arch: arch.capitalize() for arch in (UPPER, LOWER, BITE, SCAN_BODY, PREOP)}
NOT_REMOVED = Q(case__isnull=False) | Q(form_key__isnull=False)


class AttachmentQuerySet(WorkQuerySet):
    def due(self, now):
        # Bytes that are still arriving are nobody's work yet, and removed ones no more.
        return super().due(now).filter(NOT_REMOVED, state=Attachment.State.RECEIVED)

    def unfinished(self):
        return super().unfinished().filter(NOT_REMOVED, state=Attachment.State.RECEIVED)

    def removed(self):
        """Files that somebody took out of a form, and whose bytes have still to go."""
        return self.exclude(NOT_REMOVED)

    def on_this_host(self):
        # Nobody else sees the bytes that wait in this host's staging folder.
        return self.filter(host__in=["", settings.STAGING_HOST])

    def visible_to(self, user):
        """Files of visible cases, and those of open forms of the user's practice.

        Who works on all cases sees those of all open forms too, to help when one fails.
        """
        if sees_all_cases(user):
            return self
        cases = Q(case__in=Case.objects.visible_to(user))
        own = Q(case=None, practice=user.practice_id, practice__is_active=True)
        is_member = user.is_active and user.practice_id
        return self.filter(cases | own) if is_member else self.filter(cases)

    def refused(self):
        """Files in which the virus scanner found something; their bytes are gone."""
        return self.filter(verdict=Verdict.INFECTED, state=Attachment.State.FAILED)

    def of_form(self, form_key):
        """What to show below a form: its unsent files, and those that were refused."""
        return self.unsent(form_key) | self.refused().filter(form_key=form_key, case=None)

    def unsent(self, form_key):
        """Files of a form that was not submitted yet."""
        return self.filter(form_key=form_key, case=None).exclude(state=Attachment.State.FAILED)


def object_key(kind, row_id):
    """An object key that says nothing about patient, practice or file, and can't be guessed."""
    return f"{kind}/{row_id}-{secrets.token_hex(16)}"


class Attachment(Work):
    """A file of a case: its bytes arrive by tus and a worker moves them into the storage."""

    class State(models.TextChoices):
        UPLOADING = "uploading", "Uploading"
        RECEIVED = "received", "Arrived, being stored"
        STORED = "stored", "Stored"
        FAILED = "failed", "Failed"

    task = "cases.tasks.store_attachment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # A file of a new case has a form key only, until Submit.
    case = models.ForeignKey(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="attachments"
    )
    form_key = models.UUIDField(null=True, db_index=True)
    # Chosen by the browser, so that an announcement whose answer was lost is not made twice.
    upload_key = models.UUIDField(null=True, unique=True, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    answers = models.ForeignKey(
        MissingItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    name = models.CharField(max_length=255)
    # Where it lay in the folder that was chosen, parted by "/"; "" for one that was chosen alone.
    folder = models.CharField(max_length=255, blank=True)
    # How many files the browser packed into it: the slices of a series.
    file_count = models.PositiveIntegerField("files", default=1)
    # Of a scan, what the sender says it is; "" leaves it to what the reader found.
    arch = models.CharField(max_length=10, choices=ARCHES, blank=True)
    # The file of the same case that is of no more use since this one came with it.
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by"
    )
    # The revision of the RX script that it was sent with.
    revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=20, choices=filetypes.LABELS, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADING)
    key = models.CharField("storage key", max_length=100, unique=True, editable=False)
    # Whose staging folder has the bytes until they are stored; "" before the first one.
    host = models.CharField(max_length=60, blank=True, editable=False)
    verdict = models.CharField("virus scan", max_length=10, choices=Verdict, blank=True)
    # What the virus scanner calls that which it found.
    virus = models.CharField("found", max_length=100, blank=True)
    scan_asked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "file"
        ordering = ["created_at", "name"]
        indexes = [
            models.Index(fields=["work_state", "state", "work_asked_at"], name="attachment_work"),
            models.Index(fields=["uploaded_by", "created_at"], name="uploads_lately"),
            models.Index(
                fields=["practice", "uploaded_by"], condition=Q(case=None), name="unsent_files"
            ),
        ]
        constraints = [
            # Work that is done and yet failed is that on an infected file.
            models.CheckConstraint(
                condition=Q(state__in=["uploading", "received"], work_state=WorkState.WAITING)
                | Q(state="stored", work_state=WorkState.DONE)
                | Q(state="failed", work_state__in=[WorkState.DONE, WorkState.FAILED]),
                name="file_is_where_its_work_is",
            )
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.key = self.key or object_key("attachments", self.pk.hex)
        super().save(*args, **kwargs)

    def give_up(self, reason, **changes):
        return super().give_up(reason, **{"state": self.State.FAILED, **changes})

    @property
    def work_queue(self):
        return staging_queue(self.host or settings.STAGING_HOST)

    @property
    def is_elsewhere(self):
        """Whether another host has the bytes that came in and wait to be stored."""
        return self.host not in ("", settings.STAGING_HOST)

    @property
    def is_replaced(self):
        """Whether a newer file of the same case stands in its place; unsent ones do not yet."""
        newer = getattr(self, "replaced_by", None)
        return newer is not None and newer.case_id is not None

    @property
    def is_infected(self):
        return self.verdict == Verdict.INFECTED

    @property
    def refusal(self):
        """Of an infected file, what happened to it and what to do."""
        return (
            f"Refused: the virus scanner found {self.virus} in this file. It was deleted at the "
            "lab and given to nobody. Please have the computer that it came from checked for "
            "viruses, then upload a clean copy."
        )

    @property
    def was_scanned(self):
        return self.verdict in (Verdict.CLEAN, Verdict.INFECTED)

    @property
    def staging_path(self):
        return settings.STAGING_DIR / self.pk.hex

    @property
    def received_bytes(self):
        """Bytes that have arrived; while a file uploads, the staging file knows."""
        if self.state != self.State.UPLOADING:
            return self.size
        return staging.received(self.staging_path)

    @property
    def percent(self):
        """How much has arrived, or None where only another host knows it."""
        if self.is_elsewhere and self.state == self.State.UPLOADING:
            return None
        return int(100 * self.received_bytes / self.size) if self.size else 0


class RemovedFileQuerySet(models.QuerySet):
    def visible_to(self, user):
        """For the practice alone; the lab sees what was sent."""
        if not (user.is_active and user.practice_id):
            return self.none()
        return self.filter(practice=user.practice_id, practice__is_active=True)


class RemovedFile(models.Model):
    """The name of a file that went because its form was not sent, until that is of no use."""

    form_key = models.UUIDField(db_index=True)
    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="+")
    answers = models.ForeignKey(MissingItem, null=True, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    removed_at = models.DateTimeField(default=timezone.now)

    objects = RemovedFileQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self):
        return self.name


class PrescriptionQuerySet(WorkQuerySet):
    def visible_to(self, user):
        return self.filter(case__in=Case.objects.visible_to(user))


class Prescription(Work):
    """A revision of the RX script, printed from its snapshot alone; old ones stay."""

    task = "cases.tasks.render_prescription"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="prescriptions")
    revision = models.PositiveIntegerField()
    snapshot = models.JSONField()
    file = models.FileField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    # Of the lab, and of the revision that the practice signed before.
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PrescriptionQuerySet.as_manager()

    class Meta:
        verbose_name = "RX script"
        ordering = ["-revision"]
        indexes = [models.Index(fields=["work_state", "work_asked_at"], name="prescription_work")]
        constraints = [
            models.UniqueConstraint(fields=["case", "revision"], name="revision_once_a_case")
        ]

    def __str__(self):
        return f"RX {self.case.number} revision {self.revision}"

    @property
    def is_ready(self):
        return self.work_state == WorkState.DONE

    @property
    def has_failed(self):
        return self.work_state == WorkState.FAILED

    @property
    def file_name(self):
        return f"RX-{self.case.number}-r{self.revision}.pdf"
