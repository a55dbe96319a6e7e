from django.core.management.base import BaseCommand, CommandError

from portal import storage
from portal.bucket import NotUsable


class Command(BaseCommand):
    help = (
        "Have the storage of files ready: its folder, or its bucket, which must be private, with "
        "a rule that aborts uploads which broke off. Does nothing twice."
    )

    def handle(self, **options):
        try:
            for sentence in storage.set_up():
                self.stdout.write(sentence)
        except NotUsable as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as problem:
            raise CommandError(
                f"The storage could not be set up: {problem} Please check the settings S3_… and "
                "DATA_DIR, and start again."
            ) from problem
