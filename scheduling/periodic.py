from celery import shared_task
from django.utils import timezone

from scheduling import opening


@shared_task
def open_blocks():
    """Once a day: the coming weeks always have blocks to choose from."""
    opening.open_blocks(timezone.now(), opening.WEEKS)
