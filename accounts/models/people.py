from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.numberings import NUMBERINGS
from portal.writing.fields import FoldedField
from portal.writing.text import plain_text

# Asked for once, since each time it looks into every file of the zones.
_time_zones = cache(available_timezones)


def check_time_zone(value):
    if value not in _time_zones():
        raise ValidationError("“%(value)s” is not a time zone.", params={"value": value})


def lab_time_zone():
    return settings.LAB_TIME_ZONE


class Practice(models.Model):
    name = models.CharField(max_length=120, unique=True)
    name_key = FoldedField(of="name")
    email = models.EmailField("confirmation email", help_text="Confirmations and notices go here.")
    phone = models.CharField(max_length=40, blank=True)
    shipping_address = models.TextField(max_length=500, blank=True)
    time_zone = models.CharField(max_length=64, default=lab_time_zone, validators=[check_time_zone])
    tooth_numbering = models.CharField(
        max_length=10,
        choices=[(code, offered) for code, (_, offered) in NUMBERINGS.items()],
        default="universal",
    )
    is_active = models.BooleanField(
        default=True, help_text="Members of a practice that is not active cannot sign in."
    )
    requires_mfa = models.BooleanField(
        "two-step sign-in required",
        default=False,
        help_text="Each member must set up a second step before they see anything.",
    )

    class Meta:
        ordering = ["name_key", "pk"]

    def __str__(self):
        return self.name

    def clean(self):
        # It stands in the subjects of mails.
        self.name = plain_text(self.name)

    @property
    def zone(self):
        return ZoneInfo(self.time_zone)

    @property
    def owners(self):
        """Those who manage its members now."""
        return self.members.filter(is_owner=True, is_active=True)

    @property
    def prescribers(self):
        """The dentists who can be chosen on new cases."""
        return self.dentists.filter(is_active=True)


class Dentist(models.Model):
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="dentists")
    name = models.CharField(max_length=120)
    name_key = FoldedField(of="name")
    license_number = models.CharField(max_length=40)
    license_state = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True, help_text="Can be chosen on new cases.")

    class Meta:
        ordering = ["name_key", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["license_state", "license_number", "practice"],
                name="license_once_a_practice",
            )
        ]

    def __str__(self):
        return self.name


class UserQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Whom this person may manage on the portal's pages: an owner, their practice's members."""
        return self.filter(practice=user.practice_id) if user.owns_a_practice else self.none()

    def manageable_by(self, staff):
        """Whom this person of the lab may change in admin: the people of practices, never staff.

        Only a superuser may give rights, or take over the account of somebody who has some.
        """
        if staff.is_superuser:
            return self
        return self.filter(practice__isnull=False, is_staff=False, is_superuser=False)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    def create_user(self, email, password=None, **fields):
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email, password=None, **fields):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email):
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in: a member of one practice, or of the lab when it has none."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    name_key = FoldedField(of="name")
    practice = models.ForeignKey(
        Practice, null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    is_owner = models.BooleanField(
        "owner of the practice",
        default=False,
        help_text="Invites and deactivates members, and reads who opened the practice's cases.",
    )
    is_staff = models.BooleanField("works at the lab", default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        ordering = ["name_key", "pk"]
        constraints = [
            models.CheckConstraint(
                name="user_is_of_a_practice_or_of_the_lab",
                condition=Q(practice=None) | Q(is_staff=False),
                violation_error_message="Lab staff belong to no practice.",
            ),
            models.CheckConstraint(
                name="owner_is_of_a_practice",
                condition=Q(is_owner=False) | Q(practice__isnull=False),
                violation_error_message="An owner belongs to a practice.",
            ),
        ]

    def __str__(self):
        return self.name or self.email

    def clean(self):
        super().clean()
        # Sign-in looks for small letters only.
        self.email = self.email.lower()
        self.name = plain_text(self.name)

    def get_full_name(self):
        return self.name

    def get_short_name(self):
        return self.name

    @property
    def time_zone(self):
        """Name of the zone in which this person reads times."""
        return self.practice.time_zone if self.practice else settings.LAB_TIME_ZONE

    @property
    def may_sign_in(self):
        return self.is_active and (self.practice is None or self.practice.is_active)

    @property
    def owns_a_practice(self):
        return self.is_owner and self.practice_id is not None and self.may_sign_in

    @property
    def needs_mfa(self):
        """Whether this person may do nothing before a second step is set up."""
        return self.is_staff or bool(self.practice and self.practice.requires_mfa)
