from email.utils import formatdate
from smtplib import SMTPException

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from portal.models import Email


@shared_task
def send_email(pk):
    """Send one mail of the outbox; a mail server that is away is asked again later."""
    email = Email.objects.claim(pk)
    if email is None:
        return
    try:
        _message(email).send()
    except (SMTPException, OSError) as problem:
        email.try_later(f"{type(problem).__name__}: the mail server did not take it.")
        return
    email.finish(sent_at=timezone.now())


def _message(email):
    domain = settings.LAB_EMAIL.rpartition("@")[2] or "localhost"
    message = EmailMultiAlternatives(
        email.subject,
        email.text,
        settings.DEFAULT_FROM_EMAIL,
        [email.to],
        # From the row: should a mail ever go out twice, both carry one id.
        headers={
            "Message-ID": f"<{email.kind}.{email.pk}@{domain}>",
            "Date": formatdate(email.created_at.timestamp()),
            "Auto-Submitted": "auto-generated",
        },
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    if email.calendar:
        message.attach("planning.ics", email.calendar, "text/calendar")
    return message
