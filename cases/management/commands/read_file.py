import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from cases.intake import limited


class Command(BaseCommand):
    help = (
        "Say what the portal makes of files, or of folders of files that came together. Needs no "
        "database. What it prints may hold a patient's name."
    )
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, paths, **options):
        missing = [path for path in paths if not path.exists()]
        for path in paths:
            if path not in missing:
                self._say(path, limited.read(path), options["json"])
        if missing:
            raise CommandError(f"There is no {', '.join(map(str, missing))}.")

    def _say(self, path, reading, as_json):
        if as_json:
            self.stdout.write(json.dumps({"file": path.name} | reading.as_json()))
            return
        self.stdout.write(f"{path}: {reading.kind}")
        for sentence in reading.sentences:
            self.stdout.write(f"  {sentence}")
        for name, value in reading.findings.items():
            self.stdout.write(f"  {name}: {value}")
