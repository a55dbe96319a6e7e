import hashlib

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def is_behind() -> bool:
    """Whether a migration waits to be applied to the database."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def static_fingerprint() -> str:
    """Return a digest of the name, size and time of every static file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            size, changed_at = storage.size(path), storage.get_modified_time(path)
            digest.update(f"{path}\0{size}\0{changed_at}\n".encode())
    return digest.hexdigest()


class Command(BaseCommand):
    help = "Bring database, static files and demo data up to date; does nothing twice."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("--static", action="store_true", help="the static files only")

    def handle(self, *args, static=False, **options):
        if not static:
            self.prepare_database(options["verbosity"])
        self.collect_static()
        if not static:
            call_command("demo")

    def prepare_database(self, verbosity):
        if is_behind():
            call_command("migrate", interactive=False, verbosity=verbosity)
        call_command("createcachetable", verbosity=0)

    def collect_static(self):
        collected = settings.STATIC_ROOT / ".fingerprint"
        fingerprint = static_fingerprint()
        if collected.exists() and collected.read_text() == fingerprint:
            return
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        collected.write_text(fingerprint)
