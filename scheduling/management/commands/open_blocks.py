from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from scheduling import opening


class Command(BaseCommand):
    help = "Open blocks for planning sessions from each planner's weekly hours."

    def add_arguments(self, parser):
        parser.add_argument(
            "--weeks", type=int, default=opening.WEEKS, help="how far ahead (%(default)s)"
        )

    def handle(self, weeks, **options):
        if not 1 <= weeks <= 52:
            raise CommandError(f"--weeks is {weeks}, but it must be from 1 to 52.")
        opened = opening.open_blocks(timezone.now(), weeks)
        blocks = "1 block" if opened == 1 else f"{opened} blocks"
        self.stdout.write(f"Opened {blocks} in the next {weeks} weeks.")
