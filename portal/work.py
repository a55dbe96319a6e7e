"""Work that a row asks for and a worker does: claimed, done once, never forgotten.

The row is the only record of what is to be done; a Celery message merely says "look at this row".
A worker claims the row with a lease and an attempt number and writes its outcome only while the
attempt is still its own. The sweep hands over again what waits or whose lease ran out.
"""

import time
from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.celery import app

# After this long without a sign of life, a worker is taken for dead. Longer than the time limit
# of a short task (CELERY_TASK_TIME_LIMIT); a long one renews its lease while it gets on.
LEASE = timedelta(seconds=60)
RENEW_SECONDS = 15
# Work that failed or broke off so often stops, and people look at it.
MAX_FAILURES = 8
LONGEST_PAUSE = timedelta(minutes=15)
# A dependency that is away is asked again so often, for as long as it takes.
LONGEST_WAIT = timedelta(minutes=2)
KEPT = "Nothing is lost, and it goes on by itself."
BROKE_OFF = "The work broke off each time, without a reason. The log of the worker may have it."
FRESH = timedelta(seconds=30)
# Longer than it takes the sweep to hand it over again: by then nobody works, or too few do.
LATE = timedelta(minutes=2)


class LeaseLost(Exception):
    """Another worker has taken over, or the row is gone: stop, and write nothing."""


class WorkState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Dependency(models.TextChoices):
    """A server beside the portal that work may have to wait for."""

    STORAGE = "storage", "the file storage"
    MAIL = "mail", "the mail server"
    SCANNER = "scanner", "the virus scanner"


class WorkQuerySet(models.QuerySet):
    def due(self, now):
        """Rows that want work now: waiting, and leased by nobody."""
        free = Q(work_leased_until=None) | Q(work_leased_until__lte=now)
        return self.filter(free, work_state=WorkState.WAITING)

    def left_behind(self, now):
        """Rows that want work and whose latest message had time enough to arrive."""
        return self.due(now).filter(work_asked_at__lte=now - FRESH)

    def unfinished(self):
        """Rows whose work was asked for and is neither done nor given up."""
        return self.filter(work_state=WorkState.WAITING)

    def on_this_host(self):
        """Rows whose work this host can do; a kind of work that is tied to hosts overrides it."""
        return self

    def claim(self, pk):
        """The row with its attempt counted, or None when it is done, gone or somebody else's.

        An attempt counts as a failure until it has an outcome, so that work which kills its
        worker each time is given up in the end.
        """
        now = timezone.now()
        won = (
            self.due(now)
            .filter(pk=pk)
            .update(
                work_attempts=F("work_attempts") + 1,
                work_failures=F("work_failures") + 1,
                work_leased_until=now + LEASE,
            )
        )
        row = self.filter(pk=pk).first() if won else None
        if row and row.work_failures > row.max_failures:
            row.give_up(BROKE_OFF)
            return None
        return row


class Work(models.Model):
    """What a row carries so that its work is done exactly once."""

    # The Celery task that does the work; it takes the row's primary key.
    task = ""
    max_failures = MAX_FAILURES

    work_state = models.CharField(
        "work", max_length=10, choices=WorkState, default=WorkState.WAITING, editable=False
    )
    work_asked_at = models.DateTimeField(default=timezone.now, editable=False)
    # Grows with each claim and never shrinks: it tells the attempts of one row apart.
    work_attempts = models.PositiveIntegerField("attempts", default=0, editable=False)
    work_failures = models.PositiveIntegerField("failures", default=0, editable=False)
    work_leased_until = models.DateTimeField(null=True, editable=False)
    work_failure = models.CharField("last failure", max_length=300, blank=True, editable=False)
    work_waits_for = models.CharField(
        "waits for", max_length=10, choices=Dependency, blank=True, editable=False
    )

    class Meta:
        abstract = True

    @property
    def work_queue(self):
        """The queue of the workers that can do it."""
        return settings.CELERY_TASK_DEFAULT_QUEUE

    def waiting_note(self, now):
        """A sentence for people: what the work waits for, and "" while it goes its way."""
        if self.work_state != WorkState.WAITING:
            return ""
        if self.work_waits_for:
            return f"Waiting for {self.get_work_waits_for_display()}, which is away. {KEPT}"
        is_leased = self.work_leased_until and self.work_leased_until > now
        if not is_leased and self.work_asked_at <= now - LATE:
            return f"This takes longer than usual. {KEPT}"
        return ""

    def hand_over(self):
        """Tell a worker about the row, now; raises OperationalError when the broker is away."""
        app.tasks[self.task].apply_async([self.pk], queue=self.work_queue)

    def hand_over_on_commit(self):
        """Tell a worker about the row once it is committed; whatever the broker does about it."""
        app.tasks[self.task].hand_over_on_commit(self.pk, queue=self.work_queue)

    def _mine(self):
        return type(self)._default_manager.filter(
            pk=self.pk, work_attempts=self.work_attempts, work_state=WorkState.WAITING
        )

    def renew(self):
        """Say that the work gets on; to be called as often as one likes. Raises LeaseLost."""
        now = time.monotonic()
        if now - getattr(self, "_renewed", 0) < RENEW_SECONDS:
            return
        self.remember(work_leased_until=timezone.now() + LEASE)
        self._renewed = now

    def remember(self, **changes):
        """Write down something that a next attempt must know. Raises LeaseLost."""
        if not self._mine().update(**changes):
            raise LeaseLost
        for name, value in changes.items():
            setattr(self, name, value)

    def finish(self, reason="", **changes):
        """Mark the work done and write `changes`; False when the attempt was lost to another.

        `reason` says, of work that was done, why it came out badly for the person who reads it.
        """
        return self._end(WorkState.DONE, reason, **changes)

    def give_up(self, reason, **changes):
        """Stop for good with a reason that people read; `reask` starts it again."""
        return self._end(WorkState.FAILED, reason, **changes)

    def _end(self, work_state, reason, **changes):
        return bool(
            self._mine().update(
                work_state=work_state,
                work_leased_until=None,
                work_failure=reason[:300],
                work_waits_for="",
                **changes,
            )
        )

    def try_later(self, reason):
        """Release work that failed for another attempt after a pause, or give it up by now."""
        if self.work_failures >= self.max_failures:
            self.give_up(reason)
            return
        pause = min(timedelta(seconds=15 * 2**self.work_failures), LONGEST_PAUSE)
        self._release(pause, reason, "", self.work_failures)

    def wait_for(self, dependency, reason):
        """Release work until a Dependency is back. That is no failure of the work: it may last."""
        waited = self.work_attempts - self.work_failures
        pause = min(timedelta(seconds=5 * 2 ** min(waited, 10)), LONGEST_WAIT)
        self._release(pause, reason, dependency, self.work_failures - 1)

    def _release(self, pause, reason, dependency, failures):
        self._mine().update(
            work_leased_until=timezone.now() + pause,
            work_failure=reason[:300],
            work_waits_for=dependency,
            work_failures=failures,
        )

    def reask(self):
        """Start failed work again as if it had never failed."""
        type(self)._default_manager.filter(pk=self.pk, work_state=WorkState.FAILED).update(
            work_state=WorkState.WAITING, work_leased_until=None, work_failures=0
        )


def kinds():
    """The models whose rows are work."""
    return [model for model in apps.get_models() if issubclass(model, Work)]
