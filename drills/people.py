"""Who uses the portal in a drill. Imported once Django is set up for it."""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import Dentist, Practice, User
from accounts.sign_in import second_step
from scheduling.models import Planner


def move_in(members):
    """A practice with a dentist and members, and a planner of the lab.

    Returns the dentist's key, and a session key of each member; these are signed in.
    """
    practice = Practice.objects.create(name="Drill Dental", email="office@drill.example")
    dentist = Dentist.objects.create(
        practice=practice, name="Dr. Drill", license_number="1", license_state="ME"
    )
    lab = User.objects.create_user("lab@drill.example", name="Lab", is_staff=True)
    second_step.enrol(lab)
    Planner.objects.create(user=lab)
    users = [
        User.objects.create_user(f"member{number}@drill.example", practice=practice)
        for number in range(members)
    ]
    return dentist.pk, [sign_in(user) for user in users]


def sign_in(user):
    """The key of a session of somebody."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return session.session_key
