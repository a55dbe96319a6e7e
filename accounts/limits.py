"""Of which rows a person or a practice can have how many, and whose turn it is to count them."""

from accounts.models import Practice, User
from portal.limits import HOUR, Limit

INVITATIONS = Limit(
    "invitations_an_hour_a_practice",
    "This practice has sent {most} invitations within an hour. Nothing was sent now. "
    "Please try again in an hour.",
    HOUR,
)
PEOPLE = Limit(
    "people_a_practice",
    "A practice can have {most} members and open invitations, and this one has. Nothing was sent. "
    "Please withdraw an invitation first, or write to the lab.",
)
PASSKEYS = Limit(
    "passkeys_a_person",
    "You have {most} passkeys. Nothing was added. Please remove one that you do not use first.",
)
SESSIONS = Limit("sessions_a_person", "Nobody is signed in at more than {most} places.")


def take_turn(user):
    """Let nobody else of the practice add what is counted, until the transaction ends.

    Taken before any other lock, so that no two wait for each other.
    """
    people = User.objects.filter(pk=user.pk)
    if user.practice_id:
        people = Practice.objects.filter(pk=user.practice_id)
    people.select_for_update(no_key=True).values("pk").first()


def check_invitation(practice, email, now):
    """Raises LimitReached. Nothing is told about whether the address has an account."""
    INVITATIONS.check(practice.invitations.all(), now)
    invited = practice.invitations.not_answered().exclude(email=email)
    PEOPLE.check_amount(practice.members.count() + invited.count() + 1)
