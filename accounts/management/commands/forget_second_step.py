from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import emails
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Remove the second step of somebody who lost phone and recovery codes. Make sure who is "
        "asking first. They sign in with their password and set up a new one."
    )

    def add_arguments(self, parser):
        parser.add_argument("email")

    def handle(self, email, **options):
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {email}. Nothing was changed.")
        with transaction.atomic():
            removed, _ = Authenticator.objects.filter(user=user).delete()
            if not removed:
                raise CommandError(f"{user.email} has no second step. Nothing was changed.")
            for session in UserSession.objects.filter(user=user):
                session.end()
            emails.sign_in_changed(user, "forgotten", "our own machine", "By the lab")
        self.stdout.write(
            f"The second step of {user.email} is removed, their sessions are ended, and a mail "
            "tells them."
        )
