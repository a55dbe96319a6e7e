"""What is true of people and practices, of ways to sign in, and of the access log."""

from accounts.models.access_log import Access, AccessChain, AccessLink
from accounts.models.people import Dentist, Practice, User, check_time_zone, lab_time_zone
from accounts.models.sign_in import Invitation, PasswordReset, Unsent

__all__ = [
    "Access",
    "AccessChain",
    "AccessLink",
    "Dentist",
    "Invitation",
    "PasswordReset",
    "Practice",
    "Unsent",
    "User",
    "check_time_zone",
    "lab_time_zone",
]
