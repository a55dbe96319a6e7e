"""Mails about accounts.

No name that somebody typed is in those that go to any address, but for what superusers type.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from portal.mail import outbox
from portal.writing.times import long_time

# What happened, by the library's name for it.
CHANGES = {
    "password_changed": "Your password was changed.",
    "password_set": "A password was set.",
    "password_reset": "A new password was set by a link from a mail.",
    "totp_activated": "An authenticator app was set up as second step.",
    "totp_deactivated": "The authenticator app was removed as second step.",
    "webauthn_added": "A passkey was added.",
    "webauthn_removed": "A passkey was removed.",
    "forgotten": "Your second step was removed, so that you can set up a new one.",
    "key_gone": "Your authenticator app and recovery codes were removed, as the key that they were "
    "locked with is gone. Sign in and set up new ones; passkeys go on working.",
    "recovery_codes_generated": "New recovery codes were made. The old ones do not work any more.",
}
# How the circle of those who see a practice's cases grows.
INVITED, INVITED_OWNER, JOINED, JOINED_OWNER, MADE_OWNER, REACTIVATED, MOVED_IN, NEW_ADDRESS = (
    "was invited as a member.",
    "was invited as an owner.",
    "has accepted an invitation and is a member now.",
    "has accepted an invitation and is an owner now.",
    "is an owner now.",
    "was deactivated and can sign in again.",
    "was moved to your practice and is a member now.",
    "signs in with this address now, in the place of the one before.",
)


def invitation(invitation, token):
    """The link with which somebody becomes a member."""
    link = settings.SITE_URL + reverse("accounts:accept_invitation", args=[token])
    return _invitation("invitation", invitation, link)


def invitation_known(invitation, token):
    """What somebody gets in its place who has an account already: one cannot have two."""
    return _invitation("invitation_known", invitation, "")


def _invitation(kind, invitation, link):
    context = {"invitation": invitation, "practice": invitation.practice, "link": link}
    return outbox.add(kind, invitation.email, invitation.pk, context, is_secret=True)


def staff_invited(user, by, token, until):
    """The link with which somebody new at the lab chooses a password."""
    link = settings.SITE_URL + reverse("accounts:staff_invited", args=[token])
    context = {"user": user, "by": by, "link": link, "until": until}
    return outbox.add("staff_invited", user.email, outbox.once(), context, is_secret=True)


def address_changed(user, old_address):
    """Tell the old address that the lab has put another in its place."""
    return outbox.add("address_changed", old_address, outbox.once(), {"name": user.name})


def members_changed(practice, address, name, change, by):
    """Tell the owners who sees the cases of their practice from now on, and on whose word.

    A practice in which nobody else is an owner is told at its confirmation address, where only
    addresses stand: an owner may have typed that of a stranger there.
    """
    context = {"practice": practice, "change": change}
    event = outbox.once()
    owners = practice.owners.exclude(email=address).values_list("email", flat=True)
    for to in owners:
        person = f"{name} ({address})" if name else address
        said = {"person": person, "by": _named(by), "is_for_owner": True}
        outbox.add("members_changed", to, event, context | said)
    if not owners:
        said = {"person": address, "by": _by_address(by), "is_for_owner": False}
        outbox.add("members_changed", practice.email, event, context | said)


def practice_address_changed(practice, before, by):
    """Tell the owners, and the address of before, that confirmations go to another one now."""
    context = {"practice": practice, "before": before}
    event = outbox.once()
    outbox.add("practice_address_changed", before, event, context | {"by": _by_address(by)})
    for to in practice.owners.exclude(email=before).values_list("email", flat=True):
        outbox.add("practice_address_changed", to, event, context | {"by": _named(by)})


def _named(by):
    return f"{by.name} ({_by_address(by)})" if by and by.name else _by_address(by)


def _by_address(by):
    if by is None:
        return "somebody whose account is gone"
    return f"{by.email} of {settings.LAB_NAME}" if by.is_staff else by.email


def password_reset_key(user, url):
    context = {"name": user.name, "password_reset_url": url}
    return outbox.add("password_reset_key", user.email, outbox.once(), context, is_secret=True)


def sign_in_changed(user, change, address, browser):
    context = {"change": CHANGES[change], **_facts(user, address, browser)}
    return outbox.add("sign_in_changed", user.email, outbox.once(), context)


def new_device(user, address, browser):
    return outbox.add("new_device", user.email, outbox.once(), _facts(user, address, browser))


def _facts(user, address, browser):
    at = long_time(timezone.now(), user.time_zone)
    return {"name": user.name, "at": at, "address": address, "browser": browser}
