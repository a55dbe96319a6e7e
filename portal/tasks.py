from contextlib import suppress
from email.mime.text import MIMEText
from email.utils import formatdate
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone
from icalendar import Calendar

from portal.models import Email
from portal.work import Dependency

# Each answer of the server has its own time-out, and all of them together the task's.
UNAVAILABLE = (SMTPException, OSError, SoftTimeLimitExceeded)


@shared_task
def send_email(pk):
    """Send one mail of the outbox.

    A mail server that is away, too slow, or answers 4xx, is asked again until it takes the mail;
    one that refuses it (5xx) is asked a few times, as it may be a mistake of its settings.
    """
    email = Email.objects.claim(pk)
    if email is None:
        return
    line = get_connection()
    try:
        line.open()
        line.send_messages([_message(email)])
    except UNAVAILABLE as problem:
        _hang_up(line)
        if code := _refusal(problem):
            email.try_later(f"The mail server refused it with {code}.")
        else:
            email.wait_for(Dependency.MAIL, f"{type(problem).__name__}: the mail server is away.")
        return
    email.finish(sent_at=timezone.now(), **email.after_sending)
    # The mail is theirs, however long the goodbye takes.
    with suppress(*UNAVAILABLE):
        line.close()
    _hang_up(line)


def _hang_up(line):
    """Close the connection without a word, since a server that drips would drip its answer."""
    if smtp := getattr(line, "connection", None):
        smtp.close()


def _refusal(problem):
    """The code with which a mail was refused for good (RFC 5321, 4.2.1), or None."""
    codes = []
    if isinstance(problem, SMTPRecipientsRefused):
        codes = [code for code, _ in problem.recipients.values()]
    elif isinstance(problem, SMTPResponseException):
        codes = [problem.smtp_code]
    return next((code for code in codes if code >= 500), None)


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
            # Exchange answers automatic mail, other than RFC 3834 says, unless it is told not to.
            "X-Auto-Response-Suppress": "OOF, AutoReply",
        },
    )
    if email.html:
        message.attach_alternative(email.html, "text/html")
    if email.calendar:
        message.attach(_calendar_part(email.calendar))
    return message


def _calendar_part(text):
    """The .ics file with its method in the head of the part too (RFC 6047, 2.4)."""
    part = MIMEText(text, "calendar", "utf-8")
    part.set_param("method", Calendar.from_ical(text)["method"])
    part.add_header("Content-Disposition", "attachment", filename="planning.ics")
    return part
