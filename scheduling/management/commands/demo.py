from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Practice, User
from accounts.sign_in import second_step
from scheduling.demo import people

YOURS = "the password you set"
KEY_CHANGED = "The lab's authenticator app was set up with another SECRET_KEY."
COMMAND = ".venv/bin/python manage.py demo --code"


class Command(BaseCommand):
    help = (
        "Fill an empty installation with a believable lab, and print its logins. Does not touch "
        "an installation with practices of its own."
    )

    def add_arguments(self, parser):
        parser.add_argument("--password", help="a new password of all demo logins")
        parser.add_argument(
            "--code",
            action="store_true",
            help="print nothing but the code that the lab's login is asked for now",
        )

    def handle(self, password=None, code=False, **options):
        refusal = _refusal()
        if code:
            self._print_code(refusal)
            return
        if refusal and password is not None:
            raise CommandError(f"{refusal} No password was set.")
        if refusal:
            self.stdout.write(refusal)
            return
        if password is not None:
            _check(password)
        if not Practice.objects.exists():
            self._fill()
        if password is not None:
            encoded = make_password(password)
            User.objects.filter(email__in=people.LOGINS).update(password=encoded)
            self.stdout.write("The password of the demo logins was set.")
        if people.enrol_the_lab():
            self.stdout.write(f"{KEY_CHANGED} {people.LAB_LOGIN} got a new one.")
        self._print_logins()

    def _print_code(self, refusal):
        """The code of the lab's login, for people and for programs."""
        if not refusal:
            people.enrol_the_lab()
        found = None if refusal else _code()
        if found is None:
            raise CommandError(refusal or "The demo is not filled in yet.")
        self.stdout.write(found[0])

    def _fill(self):
        # Half a second of pydicom, which only the first start should pay.
        from scheduling.demo.filling import fill

        self.stdout.write("Filling in the demo, which takes some seconds:")
        fill(timezone.now(), say=lambda line: self.stdout.write(f"  {line}"))

    def _print_logins(self):
        users = User.objects.filter(email__in=people.LOGINS, is_active=True)
        rows = [("Sign in as", "Who", "Password")]
        for user in sorted(users.select_related("practice"), key=_place):
            who = f"{user.name}, {user.practice or settings.LAB_NAME}"
            rows.append((user.email, who, _shown_password(user.password)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["   ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        lines.insert(1, "   ".join("-" * width for width in widths))
        table = "\n".join(f"  {line}" for line in lines)
        self.stdout.write(f"\n{settings.LAB_NAME}: {settings.SITE_URL}\n\n{table}\n")
        if found := _code():
            code, seconds = found
            self.stdout.write(
                f"  {people.LAB_LOGIN} signs in with two steps. Its code is {code} for the next "
                f"{seconds} seconds; a code works once.\n  The one after it: {_again()}\n"
            )


def _refusal():
    """Why there is no demo here, as a sentence; "" when there may be one."""
    if settings.HTTPS and not settings.DEBUG:
        return f"{settings.SITE_URL} is a real portal, so the demo was left out."
    is_demo = User.objects.filter(email__in=people.LOGINS, practice__isnull=False).exists()
    if Practice.objects.exists() and not is_demo:
        return "This portal has practices of its own, so the demo was left out."
    return ""


def _code():
    lab = User.objects.filter(email=people.LAB_LOGIN).first()
    return lab and second_step.current_code(lab)


def _again():
    """What to type for the next code, on the data of this portal."""
    default = settings.BASE_DIR / "var"
    folder = settings.DATA_DIR
    if (folder / "environment").exists():  # of `make stack`
        return f"(set -a; . {folder}/environment; {COMMAND})"
    return COMMAND if folder == default else f"DATA_DIR={folder} {COMMAND}"


def _check(password):
    for email in people.LOGINS:
        try:
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError(
                f"{' '.join(error.messages)} Nothing was changed. Choose another password."
            ) from None


def _place(user):
    return people.LOGINS.index(user.email)


@cache
def _shown_password(encoded):
    # Four logins share a hash, and computing one takes a third of a second.
    is_default = f"${people.SALT}$" in encoded or check_password(people.PASSWORD, encoded)
    return people.PASSWORD if is_default else YOURS
