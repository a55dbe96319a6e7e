from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.celery import app
from portal.periodic import take_up
from portal.work import kinds


class Command(BaseCommand):
    help = "Do now, in this process and without a broker, all work that was left behind."

    def handle(self, **options):
        done = 0
        for model in kinds():
            for row in take_up(model.objects.on_this_host(), timezone.now()):
                app.tasks[model.task](row.pk)
                done += 1
        self.stdout.write(f"Pieces of work taken up: {done}")
