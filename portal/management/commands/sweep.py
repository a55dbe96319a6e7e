from celery import current_app
from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.periodic import left_behind


class Command(BaseCommand):
    help = "Do now, in this process and without a broker, all work that was left behind."

    def handle(self, **options):
        done = 0
        for model, pk in left_behind(timezone.now()):
            current_app.tasks[model.task](pk)
            done += 1
        self.stdout.write(f"Pieces of work taken up: {done}")
