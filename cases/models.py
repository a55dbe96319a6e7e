"""What is true of cases: rows, and what the database refuses."""

import secrets
import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

from accounts.models import Dentist, Practice
from cases import carriers, filetypes, readiness, teeth
from cases.progress import NEEDS_DENTIST, READ_ONLY, SCHEDULABLE, Progress
from portal.work import Work, WorkQuerySet, WorkState

DESCRIPTION_LIMIT = 10_000


class CaseNumber(models.Model):
    """Hands out numbers: a primary key is taken once and never again, not even after a delete."""

    def __str__(self):
        return str(10_000 + self.pk)


class CaseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The only way to cases: those of the user's practice, or all for lab staff."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(practice__is_active=True, practice=user.practice_id)

    def needing_attention(self):
        return self.filter(progress__in=NEEDS_DENTIST, archived_at=None)

    def search(self, words, numbering):
        """Cases in which each word is part of the number or patient's name, or is a tooth."""
        found = self.annotate(teeth_text=Cast("teeth", TextField()))
        for word in words.split():
            match = Q(number__icontains=word) | Q(patient_name__icontains=word)
            for code in teeth.codes_labelled(word, numbering):
                match |= Q(teeth_text__contains=f'"{code}"')
            found = found.filter(match)
        return found


class Case(models.Model):
    class Support(models.TextChoices):
        TOOTH = "tooth", "Tooth"
        MUCOSA = "mucosa", "Mucosa"
        BONE = "bone", "Bone"
        IMPLANT = "implant", "Implant"

    class Guidance(models.TextChoices):
        PILOT = "pilot", "Pilot drill only"
        PARTIAL = "partial", "Partially guided"
        FULL = "full", "Fully guided"

    class Sleeve(models.TextChoices):
        METAL = "metal", "Metal sleeve"
        NONE = "none", "No sleeve"

    class Carrier(models.TextChoices):
        UPS = "ups", "UPS"
        FEDEX = "fedex", "FedEx"
        USPS = "usps", "USPS"
        DHL = "dhl", "DHL"
        OTHER = "other", "Other"

    number = models.CharField("case ID", max_length=12, unique=True, editable=False)
    # One form is one case, however often Submit is pressed.
    form_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="cases")
    dentist = models.ForeignKey(Dentist, on_delete=models.PROTECT, related_name="cases")
    patient_name = models.CharField("patient", max_length=120)
    teeth = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True, validators=[MaxLengthValidator(DESCRIPTION_LIMIT)])
    support = models.CharField(max_length=10, choices=Support, blank=True)
    guidance = models.CharField(max_length=10, choices=Guidance, blank=True)
    sleeve = models.CharField(max_length=10, choices=Sleeve, blank=True)
    anchor_pins = models.BooleanField(default=False)
    bone_reduction = models.BooleanField("bone reduction guide", default=False)
    implants = models.JSONField("implant systems", default=dict, blank=True)
    surgery_date = models.DateField(null=True, blank=True)
    shipping_address = models.TextField(max_length=500, blank=True)

    progress = models.PositiveSmallIntegerField(
        choices=Progress, default=Progress.PROCESSING, editable=False
    )
    ship_date = models.DateField(null=True, blank=True)
    # The lab's date of the booked planning session, which the ship date must leave time after.
    planning_date = models.DateField(null=True, blank=True, editable=False)
    carrier = models.CharField(max_length=10, choices=Carrier, blank=True)
    tracking_number = models.CharField(max_length=40, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The last time the dentist created or updated the case; the lab never touches it (manual,
    # "Last Modified").
    modified_at = models.DateTimeField("last modified", default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["progress", "-modified_at", "-pk"]
        indexes = [
            models.Index(
                "practice", "archived_at", "progress", F("modified_at").desc(), name="case_list"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="case_progress_is_known", condition=Q(progress__in=Progress.values)
            ),
            models.CheckConstraint(
                name="case_tracking_number_has_a_carrier",
                condition=Q(tracking_number="") | ~Q(carrier=""),
                violation_error_message="A tracking number needs its carrier.",
            ),
            models.CheckConstraint(name="case_has_a_patient", condition=~Q(patient_name="")),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("cases:record", args=[self.number])

    @property
    def state(self):
        """The progress as a member of the table, with its colour and meaning."""
        return Progress(self.progress)

    @property
    def needs_dentist(self):
        return self.progress in NEEDS_DENTIST

    @property
    def is_read_only(self):
        return self.progress in READ_ONLY

    @property
    def can_be_scheduled(self):
        return self.progress in SCHEDULABLE

    @property
    def tracking_url(self):
        return carriers.tracking_url(self.carrier, self.tracking_number)

    @property
    def record_url(self):
        """The record's address for mails and QR codes."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

    @property
    def missing_note(self):
        """What the lab wrote beside its reasons when the case became Missing CBCT/Models."""
        event = self.events.filter(to_progress=Progress.MISSING).last()
        return event.note if event else ""

    @property
    def mail_subject(self):
        """Subject of a mail to the lab; it names the number only."""
        return f"Case {self.number}"

    @property
    def options(self):
        """Pairs of label and value of the guide options that were chosen."""
        chosen = [
            ("Support", self.get_support_display()),
            ("Guidance", self.get_guidance_display()),
            ("Sleeve", self.get_sleeve_display()),
            ("Anchor pins", "Yes" if self.anchor_pins else ""),
            ("Bone reduction guide", "Yes" if self.bone_reduction else ""),
        ]
        return [(label, value) for label, value in chosen if value]


class CaseEvent(models.Model):
    """One line of a case's timeline; rows are added and never changed."""

    class Kind(models.TextChoices):
        CREATED = "created", "Case sent"
        UPDATED = "updated", "Case updated"
        PROGRESS = "progress", "Progress"
        SHIP_DATE = "ship_date", "Ship date"
        ARCHIVED = "archived", "Archived"
        RESTORED = "restored", "Restored"
        PLANNING = "planning", "Planning session"
        TRACKING = "tracking", "Tracking number"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    from_progress = models.PositiveSmallIntegerField(null=True, choices=Progress)
    to_progress = models.PositiveSmallIntegerField(null=True, choices=Progress)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self):
        return self.get_kind_display()

    @property
    def to_state(self):
        return None if self.to_progress is None else Progress(self.to_progress)


class MissingItem(models.Model):
    """One thing the lab lacks; answered by an update of the case or by the lab."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="missing_items")
    reason = models.CharField(
        max_length=30, choices={code: reason.label for code, reason in readiness.REASONS.items()}
    )
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.get_reason_display()

    @property
    def help(self):
        return readiness.REASONS[self.reason].help


class Prescription(Work):
    """A revision of the RX script, printed from its snapshot alone; old ones stay."""

    task = "cases.tasks.render_prescription"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="prescriptions")
    revision = models.PositiveIntegerField()
    snapshot = models.JSONField()
    file = models.FileField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkQuerySet.as_manager()

    class Meta:
        ordering = ["-revision"]
        constraints = [
            models.UniqueConstraint(fields=["case", "revision"], name="revision_once_a_case"),
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


class AttachmentQuerySet(WorkQuerySet):
    def due(self, now):
        # Bytes that are still arriving are nobody's work yet.
        return super().due(now).filter(state=Attachment.State.RECEIVED)

    def visible_to(self, user):
        """Files of visible cases, and those of open forms of the user's practice."""
        cases = Q(case__in=Case.objects.visible_to(user))
        own = Q(case=None, practice=user.practice_id, practice__is_active=True)
        return self.filter(cases | own) if user.practice_id else self.filter(cases)

    def unsent(self, form_key):
        """Files of a form that was not submitted yet."""
        return self.filter(form_key=form_key, case=None).exclude(state=Attachment.State.FAILED)


def storage_key():
    """An object key that says nothing about patient, practice or file."""
    return f"attachments/{secrets.token_hex(2)}/{secrets.token_hex(16)}"


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
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="+")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    answers = models.ForeignKey(
        MissingItem, null=True, blank=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=20, choices=filetypes.LABELS, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADING)
    key = models.CharField("storage key", max_length=80, unique=True, default=storage_key)
    findings = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(null=True, blank=True)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "file"
        ordering = ["created_at", "name"]
        indexes = [
            models.Index(fields=["work_state", "state", "work_asked_at"], name="attachment_work")
        ]

    def __str__(self):
        return self.name

    def give_up(self, reason, **changes):
        return super().give_up(reason, **{"state": self.State.FAILED, **changes})

    @property
    def staging_path(self):
        return settings.STAGING_DIR / self.pk.hex

    @property
    def received_bytes(self):
        """Bytes that have arrived; while a file uploads, the staging file knows."""
        if self.state != self.State.UPLOADING:
            return self.size
        try:
            return self.staging_path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def percent(self):
        return int(100 * self.received_bytes / self.size) if self.size else 0


class Draft(models.Model):
    """What was typed into a form that was not submitted yet."""

    form_key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    # Null for a new case; else the case that is being updated.
    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="drafts")
    data = models.JSONField(default=dict)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self):
        return str(self.form_key)


class Message(models.Model):
    """A line of the conversation between practice and lab about a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=5000)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]

    def __str__(self):
        return f"{self.author}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def from_lab(self):
        return self.author.practice_id is None
