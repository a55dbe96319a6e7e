"""A case, its number and its timeline."""

import uuid

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, TextField
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

from accounts.models import Dentist, Practice
from cases import carriers, teeth
from cases.models.materials import MATERIAL_LIMIT
from cases.progress import NEEDS_DENTIST, OVER, READ_ONLY, SCHEDULABLE, WITHOUT_SHIP_DATE, Progress
from portal.writing.fields import FoldedField
from portal.writing.text import folded, words_of

DESCRIPTION_LIMIT = 10_000
IMPLANT_LIMIT = 120
SIGNATURE_LIMIT = 120


class ProgressField(models.PositiveSmallIntegerField):
    """A number in the database, a member of Progress here."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{"choices": Progress, **kwargs})

    def deconstruct(self):
        # To the database, and so to migrations, it is the number.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveSmallIntegerField", args, kwargs

    def from_db_value(self, value, expression, connection):
        return None if value is None else Progress(value)

    def to_python(self, value):
        number = super().to_python(value)
        return None if number is None else Progress(number)


# The lab never touches `modified_at`.
NEW_TO_LAB = Q(looked_at=None) | Q(looked_at__lt=F("modified_at"))


class CaseNumber(models.Model):
    """Hands out numbers: a primary key is taken once and never again, not even after a delete."""

    def __str__(self):
        return str(10_000 + self.pk)


def sees_all_cases(user):
    """Whether somebody works on every case of the lab: the right of the group Lab."""
    return user.is_active and user.is_staff and user.has_perm("cases.change_case")


class CaseQuerySet(models.QuerySet):
    def visible_to(self, user):
        """The only way to cases.

        Members see those of their practice. Of the lab's staff, who works on cases sees all; a
        planner those with a session on their own blocks, unless it is cancelled; anybody else
        those that were opened to them in an emergency.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if not user.is_staff:
            return self.filter(practice__is_active=True, practice=user.practice_id)
        if sees_all_cases(user):
            return self
        granted = EmergencyGrant.objects.open_to(user).values("case")
        planned = Case.objects.planned_by(user).order_by().values("pk")
        return self.filter(Q(pk__in=granted) | Q(pk__in=planned))

    def planned_by(self, planner):
        """Those with a session on this planner's own blocks, unless it is cancelled."""
        if not planner.has_perm("scheduling.view_planningsession"):
            return self.none()
        return self.filter(
            planning_sessions__block__planner__user=planner,
            planning_sessions__state__in=["booked", "held", "missed"],
        )

    def new_to_lab(self):
        """Those that came or were updated since somebody of the lab looked at them."""
        return self.filter(NEW_TO_LAB).exclude(progress__in=OVER)

    def needing_attention(self):
        """Those that the dentist should do something about.

        Once all that was missing is ticked off, a case waits for the lab to move it on.
        """
        waiting = self.filter(progress__in=NEEDS_DENTIST, archived_at=None)
        return waiting.with_all_here().filter(is_all_here=False)

    def with_all_here(self):
        """With `is_all_here`: whether all that a red case was missing is settled."""
        open_items = {"missing_items__isnull": False, "missing_items__answered_at": None}
        lacking = self.model.objects.filter(pk=OuterRef("pk"), **open_items)
        return self.annotate(is_all_here=Q(progress=Progress.MISSING) & ~Exists(lacking))

    def search(self, typed, everywhere=False):
        """Cases in which each word is part of number or patient's name, or is a tooth.

        A tooth is read in the numbering of the case's practice. `everywhere` looks into tracking
        number, dentist and practice as well.
        """
        words = words_of(typed)
        if not words:
            return self.none()
        found = self.annotate(teeth_text=Cast("teeth", TextField()))
        for word in words:
            found = found.filter(_match(word, everywhere))
        return found


def _match(word, everywhere):
    match = Q(number__contains=word)
    keys = ["patient_key"]
    if everywhere:
        keys += ["dentist__name_key", "practice__name_key"]
        match |= Q(tracking_number__contains=carriers.clean_number(word))
    for key in keys:
        match |= Q(*((f"{key}__contains", part) for part in folded(word).split()))
    for numbering in teeth.NUMBERINGS:
        for code in teeth.codes_labelled(word, numbering):
            match |= Q(practice__tooth_numbering=numbering, teeth_text__contains=f'"{code}"')
    return match


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

    number = models.CharField("case ID", max_length=12, unique=True, editable=False)
    # One form is one case, however often Submit is pressed.
    form_key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="cases")
    dentist = models.ForeignKey(Dentist, on_delete=models.PROTECT, related_name="cases")
    patient_name = models.CharField("patient", max_length=120)
    patient_key = FoldedField(of="patient_name")
    teeth = models.JSONField(default=list, blank=True)
    description = models.TextField(blank=True, validators=[MaxLengthValidator(DESCRIPTION_LIMIT)])
    support = models.CharField(max_length=10, choices=Support, blank=True)
    guidance = models.CharField(max_length=10, choices=Guidance, blank=True)
    sleeve = models.CharField(max_length=10, choices=Sleeve, blank=True)
    anchor_pins = models.BooleanField(default=False)
    bone_reduction = models.BooleanField("bone reduction guide", default=False)
    # The name of a Material as it was chosen.
    materials = models.CharField(max_length=MATERIAL_LIMIT, blank=True)
    implants = models.JSONField("implant systems", default=dict, blank=True)
    surgery_date = models.DateField(null=True, blank=True)
    shipping_address = models.TextField(max_length=500, blank=True)

    progress = ProgressField(default=Progress.PROCESSING, editable=False)
    ship_date = models.DateField(null=True, blank=True)
    # What the ship date was when the case was marked Shipped, should that be taken back.
    promised_date = models.DateField(null=True, blank=True, editable=False)
    # The lab's date of the booked planning session, which the ship date must leave time after.
    planning_date = models.DateField(null=True, blank=True, editable=False)
    carrier = models.CharField(max_length=10, choices=carriers.CHOICES, blank=True)
    tracking_number = models.CharField(max_length=40, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The last time the dentist created or updated the case; the lab never touches it (manual,
    # "Last Modified").
    modified_at = models.DateTimeField("last modified", default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    # Who of the lab looked at it last, up to which RX revision, and which ship date they saw.
    looked_at = models.DateTimeField(null=True, editable=False)
    looked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
    )
    looked_revision = models.PositiveIntegerField(default=0, editable=False)
    looked_ship_date = models.DateField(null=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["progress", "-modified_at", "-pk"]
        indexes = [
            models.Index(fields=["modified_at"], name="new_to_lab", condition=NEW_TO_LAB),
            models.Index(fields=["created_by", "created_at"], name="cases_lately"),
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
    def is_read_only(self):
        return self.progress in READ_ONLY

    @property
    def is_new_to_lab(self):
        is_seen = self.looked_at is not None and self.looked_at >= self.modified_at
        return not is_seen and self.progress not in OVER

    @property
    def can_be_scheduled(self):
        return self.progress in SCHEDULABLE

    @property
    def takes_ship_date(self):
        """Whether the lab may set its ship date: none while it rests, nor once it has shipped."""
        return self.progress not in [*WITHOUT_SHIP_DATE, Progress.SHIPPED]

    @property
    def has_shipped(self):
        return self.progress == Progress.SHIPPED

    @property
    def tracking_url(self):
        return carriers.tracking_url(self.carrier, self.tracking_number)

    @property
    def record_url(self):
        """The record's address for mails and QR codes."""
        return f"{settings.SITE_URL}{self.get_absolute_url()}"

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
        REFUSED = "refused", "File refused"
        CORRECTED = "corrected", "Corrected by the lab"
        MISSING = "missing", "What is missing"
        # Contradictions that somebody was asked about, a line each.
        ASKED = "asked", "Sent anyway"
        DATES_ASKED = "dates_asked", "Dates confirmed"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="events")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    from_progress = ProgressField(null=True)
    to_progress = ProgressField(null=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["actor", "created_at"], name="events_lately")]

    def __str__(self):
        return self.get_kind_display()


class EmergencyGrantQuerySet(models.QuerySet):
    def open_to(self, user):
        """Those by which a user sees a case at this moment, while they may still use them."""
        if not (user.is_active and user.has_perm("cases.add_emergencygrant")):
            return self.none()
        return self.filter(user=user, until__gt=timezone.now())


class EmergencyGrant(models.Model):
    """Somebody of the lab may read one case for a while (45 CFR 164.312(a)(2)(ii))."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="emergency_grants")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="emergency_grants"
    )
    reason = models.TextField(max_length=1000)
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField()

    objects = EmergencyGrantQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]

    def __str__(self):
        return f"Case {self.case.number} for {self.user}"
