from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.sign_in import second_step


class Command(BaseCommand):
    help = (
        "Lock the secrets of all second steps with the SECRET_KEY of now. Afterwards the key of "
        "before can leave SECRET_KEY_FALLBACKS."
    )

    def handle(self, **options):
        locked = foreign = 0
        with transaction.atomic():
            # Locked, so that nobody uses a recovery code meanwhile.
            for step in Authenticator.objects.select_for_update():
                try:
                    second_step.lock_anew(step)
                    locked += 1
                except InvalidToken:
                    foreign += 1
        self.stdout.write(f"Second steps locked with the SECRET_KEY of now: {locked}.")
        if foreign:
            raise CommandError(
                f"{foreign} more were locked with a key that is neither SECRET_KEY nor among "
                "SECRET_KEY_FALLBACKS, and are as they were. Add that key and start again. If it "
                "is lost: manage.py forget_second_step --unreadable"
            )
