from urllib.parse import urljoin

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts import emails
from accounts.models import PasswordReset, User
from accounts.sign_in.allauth_internals import default_token_generator, user_pk_to_url_str


@shared_task
def mail_reset_link(pk):
    """Mail the link that somebody asked for, if the address is that of a person who may sign in."""
    asked = PasswordReset.objects.claim(pk)
    if asked is None:
        return
    with transaction.atomic():
        if not asked.finish():
            return
        user = User.objects.select_related("practice").filter(email=asked.email).first()
        if user and user.may_sign_in:
            emails.password_reset_key(user, _link(user))
        asked.delete()


def _link(user):
    key = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    # Of the address in the settings, since that of a request is what a stranger made it.
    return urljoin(settings.SITE_URL, reverse("account_reset_password_from_key", kwargs=key))
