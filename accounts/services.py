"""What happens to people: invited, accepted, deactivated, made owners, made staff."""

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction

from accounts import access_log, emails, limits
from accounts.models import Access, Invitation, Practice, User
from accounts.sign_in import staff_links
from portal.refusal import NotAllowed


class NoSuchInvitation(Exception):
    """Used, withdrawn, run out, for an address that has an account, or never sent."""


@transaction.atomic
def invite(practice, email, name, is_owner, *, by, now):
    """Send somebody a link with which they become a member; one sent before works no more.

    `by` is an owner or somebody of the lab. Whether the address has an account shows neither in
    what is returned, nor in what is stored, nor in the time it takes: only its owner is told, by
    mail. Raises NotAllowed.
    """
    practice = _locked(practice, by)
    email = email.lower()
    limits.check_invitation(practice, email, now)
    practice.invitations.not_answered().filter(email=email).update(withdrawn_at=now)
    token = Invitation.new_token()
    invitation = practice.invitations.create(
        email=email,
        name=name,
        is_owner=is_owner,
        invited_by=by,
        token_digest=Invitation.digest(token),
        created_at=now,
        expires_at=now + Invitation.LASTS,
    )
    is_known = User.objects.filter(email=email).exists()
    mail = emails.invitation_known if is_known else emails.invitation
    mail(invitation, token)
    if is_owner or by.is_staff:
        change = emails.INVITED_OWNER if is_owner else emails.INVITED
        emails.members_changed(practice, email, name, change, by)
    return invitation


def invite_again(invitation, *, by, now):
    """Send a new link in the place of one that nobody has used. Raises NotAllowed."""
    if invitation.accepted_at:
        raise NotAllowed("This invitation was accepted in the meantime. Nothing was sent.")
    return invite(
        invitation.practice, invitation.email, invitation.name, invitation.is_owner, by=by, now=now
    )


def withdraw(invitation, *, now):
    """Let the link of an invitation work no more. Raises NotAllowed when it was used before."""
    open_still = Invitation.objects.not_answered().filter(pk=invitation.pk)
    if not open_still.update(withdrawn_at=now):
        raise NotAllowed("This invitation was used or withdrawn before. Nothing was changed.")


def accept(invitation, name, password, *, now):
    """Make the member that an invitation is for; returns the user. Raises NoSuchInvitation."""
    encoded = make_password(password)  # takes a third of a second, which no lock should last
    try:
        with transaction.atomic():
            if not Invitation.objects.acceptable(now).filter(pk=invitation.pk).exists():
                raise NoSuchInvitation
            # A condition on this table alone: one of two at the same moment waits, and loses.
            unused = Invitation.objects.not_answered().filter(pk=invitation.pk)
            if not unused.update(accepted_at=now):
                raise NoSuchInvitation
            member = User.objects.create(
                email=invitation.email,
                password=encoded,
                name=name,
                practice=invitation.practice,
                is_owner=invitation.is_owner,
            )
            _tell(member, _joined(member), invitation.invited_by)
            return member
    except IntegrityError:
        raise NoSuchInvitation from None  # the address got an account at this very moment


def _joined(member):
    return emails.JOINED_OWNER if member.is_owner else emails.JOINED


def _tell(member, change, by):
    emails.members_changed(member.practice, member.email, member.name, change, by)


@transaction.atomic
def invite_staff(user, *, by, now):
    """Mail somebody new at the lab the link for a first password; one sent before works no more.

    Returns until when it works. Raises NotAllowed.
    """
    if not (user.is_staff and user.is_active):
        raise NotAllowed("Only staff whose account is open are sent this link. Nothing was sent.")
    # A new one that cannot be used, on which the link hangs.
    without = User.objects.filter(pk=user.pk, password__startswith=UNUSABLE_PASSWORD_PREFIX)
    user.password = make_password(None)
    if not without.update(password=user.password):
        raise NotAllowed(
            "They have chosen a password already. “Forgot your password?” on the sign-in page "
            "sends them a link for another one. Nothing was sent."
        )
    until = now + staff_links.LASTS
    emails.staff_invited(user, by, staff_links.token(user), until)
    return until


def choose_first_password(user, password, address):
    """Set the password of a new member of staff. Raises NoSuchInvitation if there is one by now."""
    encoded = make_password(password)
    with transaction.atomic():
        # The password that cannot be used, as the link found it: of two at once, one loses.
        if not User.objects.filter(pk=user.pk, password=user.password).update(password=encoded):
            raise NoSuchInvitation
        access_log.write(
            user=user,
            what=Access.What.ACCOUNT,
            action=Access.Action.PASSWORD,
            result=Access.Result.DONE,
            address=address,
        )


@transaction.atomic
def deactivate(member, *, by, now):
    """Close the account of a member: the next request is refused. Raises NotAllowed."""
    practice = _locked(member.practice, by)
    if member == by:
        raise NotAllowed(
            "You cannot deactivate yourself. Another owner of your practice or the lab can."
        )
    _leave_an_owner(practice, member)
    # An owner who comes back is made owner again by somebody who means it.
    practice.members.filter(pk=member.pk).update(is_active=False, is_owner=False)
    _withdraw_those_of(member, now)
    end_sessions([member.pk], now=now)


@transaction.atomic
def reactivate(member, *, by):
    """Open the account of a member again. Raises NotAllowed."""
    practice = _locked(member.practice, by)
    if practice.members.filter(pk=member.pk, is_active=False).update(is_active=True):
        _tell(member, emails.REACTIVATED, by)


@transaction.atomic
def make_owner(member, *, by):
    """Let a member invite and deactivate others. Raises NotAllowed."""
    practice = _locked(member.practice, by)
    active = practice.members.filter(pk=member.pk, is_active=True)
    if active.filter(is_owner=False).update(is_owner=True):
        _tell(member, emails.MADE_OWNER, by)
    elif not active.exists():
        raise NotAllowed(f"{member} is deactivated. Please reactivate the account first.")


@transaction.atomic
def take_ownership(member, *, by, now):
    """Make a member out of an owner. Raises NotAllowed."""
    practice = _locked(member.practice, by)
    _leave_an_owner(practice, member)
    practice.members.filter(pk=member.pk).update(is_owner=False)
    _withdraw_those_of(member, now)


def follow_up(before, member, *, by, now):
    """What follows when the lab changes the row of a user; `before` is the row as it was."""
    if member.email != before.email:
        emails.address_changed(member, before.email)
    for change in _widened(before, member):
        _tell(member, change, by)
    has_moved = member.practice_id != before.practice_id
    if has_moved or not member.is_active:
        end_sessions([member.pk], now=now)
    if before.practice and (has_moved or not (member.is_active and member.is_owner)):
        _withdraw_those_of(before, now)


def _widened(before, member):
    """How a change of the lab lets somebody see more of a practice's cases than before."""
    if not (member.practice_id and member.is_active):
        return
    was_in = before.is_active and before.practice_id == member.practice_id
    if before.practice_id != member.practice_id:
        yield emails.MOVED_IN
    elif not before.is_active:
        yield emails.REACTIVATED
    if member.is_owner and not (was_in and before.is_owner):
        yield emails.MADE_OWNER
    if was_in and member.email != before.email:
        yield emails.NEW_ADDRESS


@transaction.atomic
def change_practice(practice, fields, *, by):
    """Save these fields of a practice, and tell of another address for confirmations."""
    before = Practice.objects.select_for_update(no_key=True).get(pk=practice.pk)
    practice.save(update_fields=fields)
    if "email" in fields:
        tell_of_address(before, practice, by=by)


def tell_of_address(before, practice, *, by):
    """Tell the owners and the old address; `before` is the row of the practice as it was."""
    if practice.email != before.email:
        emails.practice_address_changed(practice, before.email, by)


def _locked(practice, by):
    """The practice, locked so that changes of its members follow one another.

    Two owners might take their rights from each other at the same moment: so whether `by` is
    still an owner, or of the lab, is read here again.
    """
    practice = Practice.objects.select_for_update(no_key=True).get(pk=practice.pk)
    by = User.objects.get(pk=by.pk)
    if not (by.is_active and (by.is_staff or (by.is_owner and by.practice_id == practice.pk))):
        raise NotAllowed("You are not an owner of this practice any more. Nothing was changed.")
    return practice


def _leave_an_owner(practice, member):
    owners = set(practice.owners.values_list("pk", flat=True))
    if owners == {member.pk}:
        raise NotAllowed(
            f"{member} is the only owner of {practice}. Please make somebody else owner first. "
            "Nothing was changed."
        )


def _withdraw_those_of(member, now):
    """Nobody comes in on the word of somebody who may not invite any more."""
    theirs = member.practice.invitations.not_answered().filter(invited_by=member)
    theirs.update(withdrawn_at=now)


def end_sessions(user_keys, *, now):
    """Sign people out on every device. `user_keys` are primary keys of users.

    What is refused in `accounts.backends` would work again once the account is opened again.
    """
    users = {str(key) for key in user_keys}
    theirs = [
        session.pk
        for session in Session.objects.filter(expire_date__gt=now)
        if session.get_decoded().get(SESSION_KEY) in users
    ]
    Session.objects.filter(pk__in=theirs).delete()
