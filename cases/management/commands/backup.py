import time

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from cases.backup import taking
from cases.backup.database import DATABASE_UNAVAILABLE, DumpFailed
from cases.backup.manifest import MANIFEST, Unusable
from portal.progress_bar import ProgressBar

# What became of files that the backup should have and has not.
SENTENCES = {
    taking.GONE: "{} are missing in the storage",
    taking.DAMAGED: "{} have other bytes than were received",
    taking.OUT_OF_REACH: "{} still wait on another host, or for a worker, to be stored",
}


class Command(BaseCommand):
    help = (
        "Back up database and files into a folder, while the portal is running. An earlier backup "
        "in the same folder is brought up to date, and stays whole until the new one is."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR")
        parser.add_argument(
            "--wait",
            type=int,
            default=taking.WAIT_SECONDS,
            metavar="SECONDS",
            help="how long to wait for files that another host has not stored yet (%(default)s)",
        )

        parser.add_argument(
            "--quick",
            action="store_true",
            help="of what the backup before has copied, compare sizes only",
        )

    def handle(self, folder, wait, quick, **options):
        began = time.monotonic()
        progress = ProgressBar(self.stderr, "Copied or compared")
        try:
            manifest = taking.take(folder, timezone.now(), progress, wait, quick)
        except (Unusable, DumpFailed) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OperationalError as problem:
            raise CommandError(f"{DATABASE_UNAVAILABLE} {folder} is as it was.") from problem
        except OSError as problem:
            raise CommandError(
                f"The backup broke off: {problem}. {folder} holds the backup that it held before, "
                "if any. Please start again: what was copied is not copied twice."
            ) from problem
        finally:
            progress.end()
        self._report(folder, manifest["counts"], time.monotonic() - began)

    def _report(self, folder, counts, seconds):
        removed = counts[taking.REMOVED]
        self.stdout.write(
            f"Backed up {counts['cases']} cases and {counts['files']} files "
            f"({counts['bytes'] / 1e6:.0f} MB) into {folder} in {seconds:.0f} s."
            + (f" {removed} were removed by their owners meanwhile." if removed else "")
        )
        wrong = [text.format(counts[why]) for why, text in SENTENCES.items() if counts[why]]
        if wrong:
            raise CommandError(
                f"The backup is whole and can be restored, but of its files {', '.join(wrong)}. "
                f"{MANIFEST} and the list beside it name their rows; `manage.py verify_files` "
                "says more.",
                returncode=2,
            )
