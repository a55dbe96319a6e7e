import json
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from cases.backup.database import DATABASE_UNAVAILABLE
from cases.backup.verifying import Verification
from portal.progress_bar import ProgressBar


class Command(BaseCommand):
    help = (
        "Compare every row, stored object and staging file of this host with each other, both "
        "ways. Reports what does not fit, and changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--quick", action="store_true", help="compare sizes only, without reading the objects"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a line; the last one sums up"
        )

    def handle(self, quick, **options):
        progress = ProgressBar(self.stderr, "Read")
        verification, found = Verification(progress, quick), Counter()
        try:
            for finding in verification.findings():
                found[finding.problem] += 1
                self._say(options["json"], str(finding), vars(finding))
        except OSError as problem:
            raise CommandError(
                f"The storage stopped answering ({problem}). Nothing was changed. Please start "
                "again when it is back."
            ) from problem
        except OperationalError as problem:
            raise CommandError(f"{DATABASE_UNAVAILABLE} Nothing was changed.") from problem
        finally:
            progress.end()
        seen = ", ".join(f"{count} {what}" for what, count in verification.checked.items())
        total = found.total()
        verdict = {0: "all fit", 1: "1 problem"}.get(total, f"{total} problems")
        self._say(
            options["json"],
            f"Looked at {seen or 'nothing'}: {verdict}.",
            {"checked": dict(verification.checked), "problems": total, "found": dict(found)},
        )
        if total:
            raise SystemExit(1)

    def _say(self, as_json, line, values):
        self.stdout.write(json.dumps(values) if as_json else line)
