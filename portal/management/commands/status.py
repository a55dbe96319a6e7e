import json
from dataclasses import asdict

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from portal.health import status
from portal.writing.times import short_time, span


class Command(BaseCommand):
    help = "Say how the work stands: what is to be done, what failed, who was heard from."

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="for programs; times in UTC")

    def handle(self, **options):
        try:
            found = status.look(timezone.now())
        except DatabaseError as problem:
            raise CommandError(
                f"The database did not say ({type(problem).__name__}). Ask: manage.py doctor"
            ) from problem
        if options["json"]:
            facts = asdict(found) | {"troubles": found.troubles}
            self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder, indent=2))
            return
        for trouble in found.troubles:
            self.stdout.write(f"! {trouble}")
        self.table(["work", "to be done", "oldest since", "held up", "failed"], list(_work(found)))
        self.table(["host", "last heard from", "state"], list(_hosts(found)))
        if found.limits:
            self.table(["limit", "most", "hits", "last"], list(_limits(found)))
        if found.queues:
            self.table(["queue", "messages"], [[name, str(n)] for name, n in found.queues.items()])
        self.stdout.write(f"\n{filesizeformat(found.staging_free)} free on {found.host} for files.")

    def table(self, head, rows):
        """Write the rows, lists of strings, below their heads in columns of one width."""
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        self.stdout.write("")
        for row in [[word.upper() for word in head], *rows]:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())


def _work(found):
    for kind in found.kinds:
        arriving = f" (+ {kind.arriving} arriving)" if kind.arriving else ""
        yield [
            kind.label,
            f"{kind.unfinished}{arriving}",
            _time(kind.oldest, found.now, "") if kind.oldest else "-",
            ", ".join(kind.waiting_words) or "-",
            str(kind.failed),
        ]


def _limits(found):
    for hit in found.limits:
        last = _time(hit.last_at, found.now, " ago")
        yield [hit.name, str(hit.most), str(hit.hits), last]


def _hosts(found):
    for host in found.hosts:
        yield [host.name, _time(host.at, found.now, " ago"), "SILENT" if host.silent else "answers"]


def _time(moment, now, ago):
    age = span((now - moment).total_seconds())
    return f"{short_time(moment, settings.LAB_TIME_ZONE)} ({age}{ago})"
