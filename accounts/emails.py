"""Mails about accounts. No name that somebody typed is in those that go to any address."""

from django.conf import settings
from django.urls import reverse

from portal import outbox


def invitation(invitation, token):
    """The link with which somebody becomes a member."""
    link = settings.SITE_URL + reverse("accounts:accept_invitation", args=[token])
    return _invitation("invitation", invitation, link)


def invitation_known(invitation, token):
    """What somebody gets in its place who has an account already: one cannot have two."""
    return _invitation("invitation_known", invitation, "")


def _invitation(kind, invitation, link):
    context = {"invitation": invitation, "practice": invitation.practice, "link": link}
    return outbox.write(kind, invitation.email, invitation.pk, context, is_secret=True)


def address_changed(user, old_address):
    """Tell the old address that the lab has put another in its place."""
    return outbox.write("address_changed", old_address, outbox.once(), {"name": user.name})
