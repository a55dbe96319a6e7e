"""What passes between practice and lab about a case besides its files."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from cases import readiness
from cases.models.case import Case


class MissingItem(models.Model):
    """One thing the lab lacks, until an update answers it or the lab ticks it off or takes it back.

    Which of them it was, the timeline says.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="missing_items")
    reason = models.CharField(
        max_length=30, choices={code: reason.label for code, reason in readiness.REASONS.items()}
    )
    # What the lab wrote when it asked for this; reasons that were given together share it.
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.get_reason_display()

    @property
    def help(self):
        return readiness.REASONS[self.reason].help

    @property
    def answer(self):
        return readiness.REASONS[self.reason].answer


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user):
        return self.filter(case__in=Case.objects.visible_to(user))


class Message(models.Model):
    """A line of the conversation between practice and lab about a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=5000)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        indexes = [models.Index(fields=["author", "created_at"], name="messages_lately")]

    def __str__(self):
        return f"{self.author}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def from_lab(self):
        return self.author.practice_id is None


class DraftQuerySet(models.QuerySet):
    def visible_to(self, user):
        """A person's own new cases, and the updates of the cases of their practice.

        The lab sees what was sent, and never what was only typed.
        """
        if not (user.is_active and user.practice_id):
            return self.none()
        own = Q(case=None, user=user, user__practice__is_active=True)
        return self.filter(own | Q(case__in=Case.objects.visible_to(user)))

    def typed(self):
        """Those in which somebody typed something; a file alone begins an empty one."""
        return self.exclude(data={})


class Draft(models.Model):
    """What was typed into a form that was not submitted yet."""

    form_key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    # Null for a new case; else the case that is being updated.
    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="drafts")
    data = models.JSONField(default=dict)
    typed_at = models.DateTimeField(default=timezone.now)
    # The last time somebody typed or a file came: so long the form and its files live on.
    updated_at = models.DateTimeField(default=timezone.now)
    # When who began it was told that it waits.
    reminded_at = models.DateTimeField(null=True, editable=False)

    objects = DraftQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self):
        return str(self.form_key)
