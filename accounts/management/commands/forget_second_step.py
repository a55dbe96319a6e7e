from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts import emails
from accounts.models import User
from accounts.sign_in import activity, second_step


class Command(BaseCommand):
    help = (
        "Remove the second step of somebody who lost phone and recovery codes. Make sure who is "
        "asking first. They sign in with their password and set up a new one."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", nargs="?")
        parser.add_argument(
            "--unreadable",
            action="store_true",
            help="of everybody, what no known SECRET_KEY opens: apps and recovery codes",
        )

    def handle(self, email=None, unreadable=False, **options):
        if unreadable == bool(email):
            raise CommandError("Give either the address of one person or --unreadable.")
        if unreadable:
            self._forget_unreadable()
        else:
            self._forget_all_of(email)

    def _forget_all_of(self, email):
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {email}. Nothing was changed.")
        with transaction.atomic():
            removed, _ = Authenticator.objects.filter(user=user).delete()
            if not removed:
                raise CommandError(f"{user.email} has no second step. Nothing was changed.")
            _tell(user, "forgotten")
        self.stdout.write(
            f"The second step of {user.email} is removed, their sessions are ended, and a mail "
            "tells them."
        )

    def _forget_unreadable(self):
        steps = people = 0
        for user in User.objects.filter(authenticator__isnull=False).distinct():
            with transaction.atomic():
                if forgotten := second_step.forget_unreadable(user):
                    _tell(user, "key_gone")
                    steps, people = steps + forgotten, people + 1
        self.stdout.write(
            f"Apps and recovery codes that no known key opens, removed: {steps}, of {people} "
            f"{'person' if people == 1 else 'people'}. Their sessions are ended, and a mail tells "
            "each who may sign in."
        )


def _tell(user, change):
    activity.end_all(activity.sessions_of(user))
    if user.may_sign_in:
        emails.sign_in_changed(user, change, "our own machine", "By the lab")
