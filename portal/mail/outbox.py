"""Writing a mail: one row in the transaction that is the reason for it, sent after commit."""

import secrets

from django.conf import settings
from django.template import Context
from django.template.loader import get_template, render_to_string

from portal.models import Email


def add(kind, to, about, context, calendar="", is_secret=False):
    """Put a mail of a kind into the outbox.

    `kind` names the templates `emails/<kind>.subject.txt` and `emails/<kind>.txt`; `to` is one
    address; `about` says which event the mail is for, so that the same mail is added once,
    however often the code runs; `calendar` is the text of an .ics file; `is_secret` says that it
    holds a link which lets somebody in.
    Returns the row, or None when there is nobody to write to.
    """
    if not to:
        return None
    context = {
        "lab_name": settings.LAB_NAME,
        "lab_email": settings.LAB_EMAIL,
        "lab_phone": settings.LAB_PHONE,
        "site_url": settings.SITE_URL,
        **context,
    }
    subject = " ".join(_plain(f"emails/{kind}.subject.txt", context).split())
    text = _plain(f"emails/{kind}.txt", context).strip() + "\n"
    html = render_to_string("emails/_layout.html", {**context, "subject": subject, "text": text})
    email, created = Email.objects.get_or_create(
        key=_key(kind, to, about),
        defaults={
            "kind": kind,
            "to": to,
            "subject": subject,
            "text": text,
            "html": html,
            "calendar": calendar,
            "is_secret": is_secret,
        },
    )
    if created:
        email.hand_over_on_commit()
    return email


def added(kind, to, about):
    """The mail that `add` put there for an event, or None."""
    return Email.objects.filter(key=_key(kind, to, about)).first()


def _key(kind, to, about):
    return f"{kind}:{about}:{to}"


def _plain(template_name, context):
    # Plain text: what is escaped for HTML pages would show up as &#x27; here.
    template = get_template(template_name).template
    return template.render(Context(context, autoescape=False))


def once():
    """An `about` for a mail that may be written any number of times, such as a reset link."""
    return secrets.token_hex(8)
