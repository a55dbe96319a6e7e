"""Work that a row asks for and a worker does: claimed, done once, never forgotten.

The row is the only record of what is to be done; a Celery message merely says "look at this row".
A worker claims the row with a lease and an attempt number and writes its outcome only while the
attempt is still its own. The sweep hands over again what waits or whose lease ran out.
"""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

# With the pauses of `try_later` these last some six hours: longer than a server is away.
MAX_ATTEMPTS = 30
BROKE_OFF = "The work broke off each time, without a reason. The log of the worker may have it."
FRESH = timedelta(seconds=30)


class WorkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class WorkQuerySet(models.QuerySet):
    def due(self, now):
        """Rows that want work now: waiting, and leased by nobody."""
        free = Q(work_leased_until=None) | Q(work_leased_until__lte=now)
        return self.filter(free, work_state=WorkState.WAITING)

    def left_behind(self, now):
        """Rows that want work and whose first message had time enough to arrive."""
        return self.due(now).filter(work_asked_at__lte=now - FRESH)

    def claim(self, pk, lease=timedelta(minutes=10)):
        """The row with its attempt counted, or None when it is done, gone or somebody else's.

        Work that broke off so often that no attempt is left is given up.
        """
        now = timezone.now()
        won = (
            self.due(now)
            .filter(pk=pk)
            .update(work_attempts=F("work_attempts") + 1, work_leased_until=now + lease)
        )
        row = self.get(pk=pk) if won else None
        if row and row.work_attempts > MAX_ATTEMPTS:
            row.give_up(BROKE_OFF)
            return None
        return row


class Work(models.Model):
    """What a row carries so that its work is done exactly once."""

    # The Celery task that does the work; it takes the row's primary key.
    task = ""

    work_state = models.CharField(
        "work", max_length=10, choices=WorkState, default=WorkState.WAITING, editable=False
    )
    work_asked_at = models.DateTimeField(default=timezone.now, editable=False)
    work_attempts = models.PositiveIntegerField("attempts", default=0, editable=False)
    work_leased_until = models.DateTimeField(null=True, editable=False)
    work_failure = models.CharField("last failure", max_length=300, blank=True, editable=False)

    class Meta:
        abstract = True

    def _mine(self):
        return type(self)._default_manager.filter(
            pk=self.pk, work_attempts=self.work_attempts, work_state=WorkState.WAITING
        )

    def finish(self, **changes):
        """Mark the work done and write `changes`; False when the attempt was lost to another."""
        return bool(
            self._mine().update(
                work_state=WorkState.DONE, work_leased_until=None, work_failure="", **changes
            )
        )

    def give_up(self, reason, **changes):
        """Stop for good with a reason that people read; `reask` starts it again."""
        return bool(
            self._mine().update(
                work_state=WorkState.FAILED,
                work_leased_until=None,
                work_failure=reason[:300],
                **changes,
            )
        )

    def try_later(self, reason):
        """Release the row for another attempt after a pause; True when that was the last one."""
        if self.work_attempts >= MAX_ATTEMPTS:
            self.give_up(reason)
            return True
        pause = timedelta(seconds=min(15 * 2**self.work_attempts, 900))
        self._mine().update(work_leased_until=timezone.now() + pause, work_failure=reason[:300])
        return False

    def reask(self):
        """Start failed work again from the first attempt."""
        type(self)._default_manager.filter(pk=self.pk, work_state=WorkState.FAILED).update(
            work_state=WorkState.WAITING, work_leased_until=None, work_attempts=0
        )
