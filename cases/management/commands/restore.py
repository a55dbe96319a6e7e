import time

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from cases.backup.database import DATABASE_UNAVAILABLE, DumpFailed
from cases.backup.manifest import Unusable
from cases.backup.restoring import restore
from portal.progress_bar import ProgressBar

NEXT = """\
No mail goes out and nobody is signed in. What to do next:
  - Mails that were waiting are marked as failed; send by hand, in admin, those that still matter.
  - Files marked as failed have to be uploaded again; their cases show it.
  - Run `manage.py verify_files`, then start web, worker and beat."""


class Command(BaseCommand):
    help = (
        "Put a backup back into an empty database and storage, once all of it was read and found "
        "whole. Stop the portal on every host first."
    )
    # An empty database fails the checks that look for its tables.
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR")
        parser.add_argument(
            "--force",
            action="store_true",
            help="replace a database that is not empty; objects that the backup lacks stay",
        )

    def handle(self, folder, force, **options):
        began = time.monotonic()
        progress = ProgressBar(self.stderr, "Read or put back")
        try:
            done = restore(folder, force, progress)
        except (Unusable, DumpFailed) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as problem:
            raise CommandError(f"{DATABASE_UNAVAILABLE} The backup is as it was.") from problem
        except OSError as problem:
            raise CommandError(
                f"The restore broke off: {problem}. The backup is as it was. Please start again, "
                "with --force, when the cause is gone; what was put back is only compared then."
            ) from problem
        finally:
            progress.end()
        counts = ", ".join(f"{count} {what}" for what, count in done.items())
        self.stdout.write(f"Restored in {time.monotonic() - began:.0f} s: {counts}.\n{NEXT}")
