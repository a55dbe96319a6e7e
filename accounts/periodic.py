from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from accounts import access_log, unsent
from accounts.models import Invitation, Unsent

KEPT_FOR = timedelta(days=90)


@shared_task
def forget_unsent():
    """Remove forms that nobody came back for: they hold what was typed about patients."""
    Unsent.objects.filter(at__lt=timezone.now() - unsent.lasts()).delete()


@shared_task
def forget_invitations():
    """Remove those that were over long ago: they name people, of whom some never came."""
    Invitation.objects.filter(expires_at__lt=timezone.now() - KEPT_FOR).delete()


@shared_task
def link_access_log():
    access_log.link_newest()
