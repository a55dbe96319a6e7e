from django.core.management.base import BaseCommand, CommandError

from accounts import access_log


class Command(BaseCommand):
    help = (
        "Read the whole access log and check that no row was changed, removed or put in. Prints "
        "the newest row of each chain: kept elsewhere, it shows later that nobody wrote all anew."
    )

    def handle(self, **options):
        access_log.link()
        count = 0
        for problem in access_log.problems():
            self.stderr.write(problem)
            count += 1
        if count:
            raise CommandError(
                f"The access log is not what was written, at {count} "
                f"place{'' if count == 1 else 's'}. Please keep this database as it is, and "
                "compare it with a backup."
            )
        for head in access_log.heads():
            self.stdout.write(f"{head}: {head.position} rows, the last one {head.digest}")
        self.stdout.write("The access log is whole: no row was changed, removed or put in.")
