from datetime import timedelta

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.work import Work, WorkQuerySet
from portal.writing.times import check_years

BODY_LIMIT = 5000
SHOWN = 10


class NewsQuerySet(models.QuerySet):
    def showing(self, now):
        """What the first page shows at `now`, pinned first, then the newest."""
        begun = Q(starts_at__lte=now)
        not_over = Q(ends_at=None) | Q(ends_at__gt=now)
        rows = self.filter(begun & not_over).order_by("-pinned", "-starts_at", "-pk")
        return rows[:SHOWN]


class News(models.Model):
    class Level(models.TextChoices):
        INFO = "info", "News"
        WARNING = "warning", "Please note"
        DANGER = "danger", "Important"

    title = models.CharField(max_length=120)
    body = models.TextField(
        help_text="Markdown: **bold**, lists, [links](https://…).",
        validators=[MaxLengthValidator(BODY_LIMIT)],
    )
    level = models.CharField(max_length=10, choices=Level, default=Level.INFO)
    starts_at = models.DateTimeField("from", default=timezone.now)
    ends_at = models.DateTimeField("until", null=True, blank=True)
    pinned = models.BooleanField(default=False, help_text="Stays above the other news.")

    objects = NewsQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "news"
        ordering = ["-pinned", "-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="news_ends_after_it_starts",
                condition=Q(ends_at=None) | Q(ends_at__gt=models.F("starts_at")),
                violation_error_message="“Until” must be later than “from”.",
            )
        ]

    def __str__(self):
        return self.title

    @property
    def icon(self):
        icons = {"danger": "exclamation-octagon-fill", "warning": "exclamation-triangle-fill"}
        return icons.get(self.level, "info-circle-fill")

    def clean(self):
        check_years(starts_at=self.starts_at, ends_at=self.ends_at)


class Email(Work):
    """The outbox: a row for each mail, written in the transaction that is the reason for it."""

    task = "portal.tasks.send_email"

    key = models.CharField(
        max_length=400,
        unique=True,
        help_text="Kind, object and recipient: the same mail is never written twice.",
    )
    kind = models.CharField(max_length=40)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, help_text="An .ics file that goes with the mail.")
    is_secret = models.BooleanField(
        default=False,
        help_text="Whoever reads it can sign in: its text is shown to nobody, and goes once sent.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = WorkQuerySet.as_manager()

    class Meta:
        verbose_name = "mail"
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["work_state", "work_asked_at"], name="email_work")]

    def __str__(self):
        return f"{self.kind} to {self.to}"

    @property
    def after_sending(self):
        """What changes in the row once the mail is sent."""
        return {"text": "", "html": ""} if self.is_secret else {}


class Host(models.Model):
    """A machine with a worker, and when its own queue was last seen to be served."""

    SILENT_AFTER = timedelta(minutes=2)

    name = models.CharField(max_length=60, primary_key=True)
    heard_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @classmethod
    def heard_from(cls):
        """Note that this host's worker is alive."""
        cls.objects.update_or_create(
            name=settings.STAGING_HOST, defaults={"heard_at": timezone.now()}
        )

    @classmethod
    def is_heard(cls, name, now):
        """Whether a host gave a sign of life a moment before `now`."""
        return cls.objects.filter(name=name, heard_at__gt=now - cls.SILENT_AFTER).exists()

    @property
    def queue(self):
        return staging_queue(self.name)


class LimitHit(models.Model):
    """How often somebody came up to a limit of portal.limits; nobody is named."""

    name = models.CharField(max_length=60, primary_key=True)
    hits = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        default_permissions = ()

    def __str__(self):
        return self.name

    @classmethod
    def add(cls, name, now):
        """Count one more. An update, so that of several at once none is lost."""
        cls.objects.bulk_create([cls(name=name, last_at=now)], ignore_conflicts=True)
        cls.objects.filter(pk=name).update(hits=models.F("hits") + 1, last_at=now)


def staging_queue(host):
    """The queue that only the workers of a host serve, since only they see its staging folder."""
    return f"staging.{host}"
