import uuid
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import check_time_zone, lab_time_zone
from cases.models import Case, EmergencyGrant, sees_all_cases
from portal.writing.times import check_years


class PlannerQuerySet(models.QuerySet):
    def visible_to(self, user):
        """All for who works on all cases or makes planners, and themselves for a planner."""
        if not user.is_active or not user.is_staff:
            return self.none()
        sees_all = sees_all_cases(user) or user.has_perm("scheduling.add_planner")
        return self if sees_all else self.filter(user=user)


class Planner(models.Model):
    """Somebody of the lab who holds virtual planning sessions."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="planner",
        limit_choices_to={"is_staff": True},
    )
    time_zone = models.CharField(max_length=64, default=lab_time_zone, validators=[check_time_zone])
    meeting_link = models.URLField(
        blank=True, help_text="Where the dentist joins, such as a TeamViewer meeting."
    )
    block_minutes = models.PositiveSmallIntegerField("minutes a block", default=60)
    notice_hours = models.PositiveSmallIntegerField(
        "hours of notice",
        null=True,
        blank=True,
        validators=[MaxValueValidator(24 * 42)],
        help_text="So many hours before a block, dentists can no longer book it. Empty: as the "
        "lab has it for all planners. The lab itself may move a session there.",
    )
    is_active = models.BooleanField(default=True, help_text="New blocks are opened.")

    objects = PlannerQuerySet.as_manager()

    class Meta:
        ordering = ["user__name_key", "pk"]
        constraints = [
            models.CheckConstraint(
                name="block_lasts_5_minutes_or_more",
                condition=Q(block_minutes__gte=5),
                violation_error_message="A block lasts at least 5 minutes.",
            )
        ]

    def __str__(self):
        return str(self.user)

    @property
    def zone(self):
        return ZoneInfo(self.time_zone)

    @property
    def notice(self):
        """How long before a block dentists must have booked it."""
        own = self.notice_hours
        return timedelta(hours=settings.BOOKING_NOTICE_HOURS if own is None else own)


class WorkingHours(models.Model):
    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    planner = models.ForeignKey(Planner, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    start = models.TimeField("from")
    end = models.TimeField(
        "to", help_text="00:00 is midnight; a time before “from” is on the next day."
    )

    class Meta:
        verbose_name_plural = "working hours"
        ordering = ["weekday", "start"]
        constraints = [
            models.CheckConstraint(
                name="hours_last_some_time",
                condition=~Q(end=F("start")),
                violation_error_message="“To” must be another time than “from”.",
            )
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.start:%H:%M}-{self.end:%H:%M}"


class DayOff(models.Model):
    planner = models.ForeignKey(Planner, on_delete=models.CASCADE, related_name="days_off")
    first = models.DateField("first day")
    last = models.DateField("last day")
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        verbose_name = "day off"
        verbose_name_plural = "days off"
        ordering = ["first"]
        constraints = [
            models.CheckConstraint(
                name="days_off_end_after_they_start",
                condition=Q(last__gte=F("first")),
                violation_error_message="The last day is before the first.",
            )
        ]

    def __str__(self):
        return f"{self.first} to {self.last}"


class BlockQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A planner's own, all for who works on all cases.

        A member of a practice sees those that are offered and not taken, and those with a session
        of their own practice: one that others have taken is to them like one that never was.
        """
        if not user.is_active:
            return self.none()
        if user.is_staff:
            return self if sees_all_cases(user) else self.filter(planner__user=user)
        booked = PlanningSession.objects.booked()
        offered = Q(is_open=True, planner__is_active=True) & ~Q(pk__in=booked.values("block"))
        own = PlanningSession.objects.visible_to(user)
        return self.filter(offered | Q(pk__in=own.order_by().values("block")))

    def free(self, now):
        """Blocks that can be booked at `now`: open, still to come and taken by nobody."""
        return (
            self.filter(starts_at__gt=now, is_open=True, planner__is_active=True)
            .exclude(sessions__state=PlanningSession.State.BOOKED)
            .select_related("planner__user")
            .order_by("starts_at", "planner")
        )

    def bookable(self, now):
        """Those free blocks that dentists can still book at `now`: not too near for the planner."""
        usual = models.Value(settings.BOOKING_NOTICE_HOURS)
        # SQLite multiplies times by this type of number only.
        hours = Coalesce("planner__notice_hours", usual, output_field=models.IntegerField())
        notice = ExpressionWrapper(hours * timedelta(hours=1), models.DurationField())
        first = ExpressionWrapper(now + notice, models.DateTimeField())
        return self.free(now).filter(starts_at__gte=first)

    def overlapping(self, planner, starts_at, ends_at):
        return self.filter(planner=planner, starts_at__lt=ends_at, ends_at__gt=starts_at)


class Block(models.Model):
    """A stretch of a planner's time that a dentist can book."""

    planner = models.ForeignKey(Planner, on_delete=models.CASCADE, related_name="blocks")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # A block that was withdrawn stays, so that weekly hours do not open it again.
    is_open = models.BooleanField("offered", default=True, help_text="Dentists can book it.")
    # Withdrawn with a day off, and offered again when that is taken back.
    is_day_off = models.BooleanField(default=False, editable=False)

    objects = BlockQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["planner", "starts_at"], name="block_once_a_planner"),
            models.CheckConstraint(
                name="block_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="The block must end after it starts.",
            ),
        ]

    def __str__(self):
        starts_at = timezone.localtime(self.starts_at, self.planner.zone)
        return f"{starts_at:%a %b %d, %Y %H:%M %Z} with {self.planner}"

    @property
    def was_booked(self):
        """Whether there was ever a session in it; then it stays as it is."""
        return bool(self.sessions.all())

    def clean(self):
        check_years(starts_at=self.starts_at, ends_at=self.ends_at)
        if not (self.planner_id and self.starts_at and self.ends_at):
            return
        others = Block.objects.exclude(pk=self.pk)
        if others.overlapping(self.planner, self.starts_at, self.ends_at).exists():
            raise ValidationError("The planner has another block at that time. Choose another one.")


class PlanningSessionQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of visible cases; of them a planner only those on their own blocks."""
        if sees_all_cases(user):
            return self
        visible = self.filter(case__in=Case.objects.visible_to(user))
        if not user.is_staff:
            return visible
        granted = Q(case__in=EmergencyGrant.objects.open_to(user).values("case"))
        return visible.filter(Q(block__planner__user=user) | granted)

    def at_the_time_of(self, block):
        """Sessions in blocks that overlap with this one, itself among them."""
        return self.filter(block__starts_at__lt=block.ends_at, block__ends_at__gt=block.starts_at)

    def booked(self):
        return self.filter(state=PlanningSession.State.BOOKED)

    def with_people(self):
        """With all that a mail, page or calendar says of a session, in one query."""
        return self.select_related("block__planner__user", "case__practice")


class PlanningSession(models.Model):
    class State(models.TextChoices):
        BOOKED = "booked", "Booked"
        HELD = "held", "Held"
        MISSED = "missed", "Missed"
        CANCELLED = "cancelled", "Cancelled"

    block = models.ForeignKey(Block, on_delete=models.PROTECT, related_name="sessions")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="planning_sessions")
    state = models.CharField(max_length=10, choices=State, default=State.BOOKED, editable=False)
    # The same in every calendar file of this session, while the sequence counts its changes.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sequence = models.PositiveIntegerField(default=0, editable=False)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    booked_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PlanningSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-block__starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["block"], condition=Q(state="booked"), name="one_booked_session_a_block"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="booked"), name="one_booked_session_a_case"
            ),
        ]

    def __str__(self):
        return f"{self.case.number}, {self.block}"
