"""How the work stands: plain facts for the command, the page in admin, the metrics and doctor."""

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.conf import settings
from django.db.models import Count, Min
from django.urls import reverse
from django.utils.text import capfirst

from portal.health import dependencies
from portal.models import Host, LimitHit, staging_queue
from portal.work import Dependency, WorkState, kinds
from portal.writing.times import span

# Work is done within seconds; what takes longer is worth a look.
LATE = timedelta(minutes=5)
LATELY = timedelta(days=1)


@dataclass(frozen=True)
class Kind:
    """The rows of one kind of work that is not done."""

    name: str  # such as portal.email
    label: str  # such as emails
    unfinished: int
    oldest: datetime | None
    waits_for: dict[str, int]  # dependency → rows that wait until it is back
    arriving: int  # rows whose work cannot begin yet: their bytes are still coming
    failed: int
    failed_since: datetime | None

    @property
    def failed_list(self):
        """Where in admin the failed rows can be tried again."""
        return failed_list(self.name)

    @property
    def waiting_words(self):
        """Such as `2 wait for the mail server`."""
        return [
            f"{rows} {'waits' if rows == 1 else 'wait'} for {Dependency(name).label}"
            for name, rows in self.waits_for.items()
        ]

    def troubles(self, now):
        """What somebody should look at, as sentences."""
        if self.failed:
            yield f"{capfirst(self.label)} that failed: {self.failed}. Try them again in admin."
        if self.oldest and now - self.oldest >= LATE:
            age = span((now - self.oldest).total_seconds())
            held_up = f", {', '.join(self.waiting_words)}" if self.waits_for else ""
            yield (
                f"{capfirst(self.label)} to be done: {self.unfinished}, "
                f"the oldest for {age}{held_up}."
            )


@dataclass(frozen=True)
class Heard:
    """A host, and when its worker gave the last sign of life."""

    name: str
    at: datetime
    silent: bool


@dataclass(frozen=True)
class Hit:
    """How often people came up to one of the limits on what they can store, and when last."""

    name: str
    most: int
    hits: int
    last_at: datetime

    def troubles(self, now):
        if now - self.last_at < LATELY:
            ago = span((now - self.last_at).total_seconds())
            yield (
                f"The limit {self.name}={self.most} was hit {ago} ago, {self.hits} times in all. "
                "Somebody stores more than people do, or the limit is too low for an honest day."
            )


@dataclass(frozen=True)
class Status:
    now: datetime
    kinds: list[Kind]
    limits: list[Hit]  # those that were ever hit
    hosts: list[Heard]
    queues: dict[str, int]  # queue → messages; empty while the broker is away
    broker_away: str  # a sentence, or nothing
    host: str  # whose disk it is
    staging_free: int  # bytes

    @cached_property
    def troubles(self):
        """What somebody should look at, as sentences; none while all is well."""
        return list(self._troubles())

    def _troubles(self):
        for told in [*self.kinds, *self.limits]:
            yield from told.troubles(self.now)
        if self.broker_away:
            yield f"{self.broker_away} Nothing is lost: work goes on within a minute of its return."
        for host in self.hosts:
            if host.silent:
                ago = span((self.now - host.at).total_seconds())
                yield (
                    f"Host {host.name} was last heard from {ago} ago. Its worker does not run, or "
                    "the broker or beat does not. Files that arrived there wait for it."
                )
        if not self.hosts:
            yield "No worker was heard from yet: worker and beat have to run."


def look(now):
    """Everything at once; with the broker away it takes its time-out longer."""
    hosts = [
        Heard(host.name, host.heard_at, host.heard_at <= now - Host.SILENT_AFTER)
        for host in Host.objects.all()
    ]
    queues, away = {}, ""
    try:
        queues = queue_lengths(host.name for host in hosts)
    except dependencies.Unavailable as problem:
        away = str(problem)
    work = [kind(model) for model in kinds()]
    return Status(now, work, hits(), hosts, queues, away, settings.STAGING_HOST, staging_free())


def hits():
    """The limits that were ever hit; not those that the code has no more."""
    rows = LimitHit.objects.filter(name__in=settings.LIMITS)
    return [Hit(row.name, settings.LIMITS[row.name], row.hits, row.last_at) for row in rows]


def kind(model):
    """The work of one model that is not done, in two queries."""
    rows = model._default_manager.order_by()
    wanted = _counted(rows.unfinished(), "work_waits_for")
    states = _counted(rows.exclude(work_state=WorkState.DONE), "work_state")
    unfinished = sum(count for count, _ in wanted.values())
    waiting, _ = states.get(WorkState.WAITING, (0, None))
    failed, failed_since = states.get(WorkState.FAILED, (0, None))
    return Kind(
        name=model._meta.label_lower,
        label=str(model._meta.verbose_name_plural),
        unfinished=unfinished,
        oldest=min((since for _, since in wanted.values() if since), default=None),
        waits_for={name: count for name, (count, _) in wanted.items() if name},
        # Never below none: rows move between the two queries.
        arriving=max(waiting - unfinished, 0),
        failed=failed,
        failed_since=failed_since,
    )


def _counted(rows, by):
    """Value of the field `by` → how many rows, and since when the oldest wants its work done."""
    found = rows.values_list(by).annotate(Count("pk"), Min(_since(rows.model)))
    return {value: (count, since) for value, count, since in found}


def _since(model):
    # Not work_asked_at, which each sweep sets anew. A file wants its work when its bytes are in.
    names = {field.name for field in model._meta.get_fields()}
    return "received_at" if "received_at" in names else "created_at"


def failed_work():
    """Label, list in admin and number of each kind that has failed rows."""
    for model in kinds():
        number = model._default_manager.filter(work_state=WorkState.FAILED).count()
        if number:
            yield str(model._meta.verbose_name_plural), failed_list(model._meta.label_lower), number


def failed_list(name):
    """The list in admin where the failed rows of a kind (`portal.email`) are tried again."""
    return reverse(f"admin:{name.replace('.', '_')}_changelist") + "?work_state__exact=failed"


def queue_lengths(hosts):
    """Queue → messages that wait in it, the common one and those of hosts. Raises Unavailable."""
    own = sorted({staging_queue(host) for host in [*hosts, settings.STAGING_HOST]})
    names = [settings.CELERY_TASK_DEFAULT_QUEUE, *own]

    def lengths(client):
        with client.pipeline(transaction=False) as steps:
            for name in names:
                steps.llen(name)
            return steps.execute()

    return dict(zip(names, dependencies.ask_broker(lengths), strict=True))


def staging_free():
    """Free bytes for files that arrive at this host."""
    folder = settings.STAGING_DIR
    # It is made with the first file.
    there = next(place for place in [folder, *folder.parents] if place.exists())
    return shutil.disk_usage(there).free
