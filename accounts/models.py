from datetime import timedelta
from functools import cache
from hashlib import sha256
from secrets import token_urlsafe
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import chaining
from accounts.numberings import NUMBERINGS
from portal.work import Work, WorkQuerySet
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
        ordering = ["name"]

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
    license_number = models.CharField(max_length=40)
    license_state = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True, help_text="Can be chosen on new cases.")

    class Meta:
        ordering = ["name"]
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
        ordering = ["name"]
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


class InvitationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the practice that this person owns."""
        return self.filter(practice=user.practice_id) if user.owns_a_practice else self.none()

    def not_answered(self):
        return self.filter(accepted_at=None, withdrawn_at=None)

    def acceptable(self, now):
        """Those whose link works at `now`."""
        account = User.objects.filter(email=models.OuterRef("email"))
        return self.not_answered().filter(
            ~models.Exists(account), expires_at__gt=now, practice__is_active=True
        )

    def with_token(self, token):
        return self.filter(token_digest=Invitation.digest(token))


class Invitation(models.Model):
    """A link in a mail, with which somebody becomes a member of a practice; it works once.

    Whether the address has an account already, the row does not say: owners see these rows.
    """

    LASTS = timedelta(days=7)

    practice = models.ForeignKey(Practice, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    is_owner = models.BooleanField("as an owner", default=False)
    # The token is in the mail only, so that nobody can use what the database holds.
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField("sent", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("expires", editable=False)
    accepted_at = models.DateTimeField("accepted", null=True, editable=False)
    withdrawn_at = models.DateTimeField("withdrawn", null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_a_person",
            ),
            models.CheckConstraint(
                name="invitation_is_accepted_or_withdrawn",
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
            ),
        ]

    def __str__(self):
        return f"{self.email} to {self.practice}"

    def clean(self):
        self.name = plain_text(self.name)

    @staticmethod
    def new_token():
        return token_urlsafe(32)

    @staticmethod
    def digest(token):
        return sha256(token.encode()).hexdigest()


class PasswordReset(Work):
    """Somebody asked for a link to set a new password, for an address that may be nobody's.

    A worker looks, so that the answer takes the same time for every address. Then the row goes.
    """

    task = "accounts.tasks.mail_reset_link"

    email = models.EmailField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["work_state", "work_asked_at"], name="reset_work")]

    def __str__(self):
        return f"Reset {self.pk}"

    @classmethod
    def ask(cls, email):
        cls.objects.create(email=email.lower()).hand_over_on_commit()


class Unsent(models.Model):
    """A form that somebody sent whose session had ended; see accounts.unsent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=200)  # the address of the form
    data = models.JSONField()  # name → values
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "place"], name="one_unsent_form_a_place")
        ]

    def __str__(self):
        return str(self.pk)


class AccessQuerySet(models.QuerySet):
    def visible_to(self, user):
        """An owner reads about their practice; of the lab, who has the right to reads all."""
        if user.is_active and user.is_staff and user.has_perm("accounts.view_access"):
            return self
        if user.is_active and user.is_owner:
            return self.filter(practice=user.practice_id, practice__is_active=True)
        return self.none()


class Access(models.Model):
    """One line of the access log: somebody opened, fetched or changed what belongs to a case.

    Rows are added by `accounts.access_log.write`, and never changed or deleted: a link chains each
    to the one before it, PostgreSQL refuses to change one, and nothing in the portal deletes any
    (45 CFR 164.316(b)(2) wants 6 years). They name no patient and no file: the number of the case,
    and the row or revision that was asked for.

    Not django-auditlog: it hears of `Model.save()`, and neither of `QuerySet.update()`, through
    which every change of a case goes here, nor of pages that were looked at, downloads or
    refusals. Its rows hold what changed, which are names of patients, and they are not chained.
    """

    class What(models.TextChoices):
        CASE = "case", "Case"
        CASES = "cases", "Cases"
        FILE = "file", "File"
        RX = "rx", "RX script"
        MESSAGE = "message", "Message"
        PLANNING = "planning", "Planning session"
        CALENDAR = "calendar", "Calendar file"
        FORM = "form", "Unsent form"
        PAGE = "page", "Page"
        ACCOUNT = "account", "Account"
        LOG = "log", "Access log"
        PORTAL = "portal", "Portal"

    class Action(models.TextChoices):
        OPENED = "opened", "Opened"
        DOWNLOADED = "downloaded", "Downloaded"
        CREATED = "created", "Sent"
        UPDATED = "updated", "Updated"
        KEPT = "kept", "Kept"
        ADDED = "added", "Uploaded"
        REMOVED = "removed", "Removed"
        TRIED_AGAIN = "tried_again", "Tried again"
        ARCHIVED = "archived", "Archived"
        UNARCHIVED = "unarchived", "Put back"
        WRITTEN = "written", "Written"
        PROGRESS = "progress", "Progress changed"
        SHIP_DATE = "ship_date", "Ship date set"
        TRACKING = "tracking", "Tracking corrected"
        BOOKED = "booked", "Booked"
        MOVED = "moved", "Moved"
        ENDED = "ended", "Ended"
        CHANGED = "changed", "Changed"
        SIGNED_IN = "signed_in", "Signed in"
        SIGNED_OUT = "signed_out", "Signed out"
        PASSWORD = "password", "Password changed"
        MFA_ADDED = "mfa_added", "Second step added"
        MFA_REMOVED = "mfa_removed", "Second step removed"
        MFA_FAILED = "mfa_failed", "Second step tried"
        EMERGENCY = "emergency", "Emergency access"
        EMERGENCY_ENDED = "emergency_end", "Emergency access ended"
        RESTORED = "restored", "Restored from a backup"

    class Result(models.TextChoices):
        GIVEN = "given", "Given"
        DONE = "done", "Done"
        NOT_READY = "not_ready", "Not ready yet"
        NOT_NOW = "not_now", "Refused: not now, or not by them"
        NOT_THEIRS = "not_theirs", "Refused: not theirs"
        NOT_THERE = "not_there", "Refused: not there"
        FAILED = "failed", "Failed"
        AWAY = "away", "Storage away"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    # No constraints in the database: it would check them by locking rows of this table, and that
    # needs the right to change them.
    user = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    # Whose case it is; that of the user differs when it was refused, and is none for staff.
    practice = models.ForeignKey(
        Practice, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    case_number = models.CharField("case ID", max_length=12, blank=True, db_index=True)
    what = models.CharField(max_length=10, choices=What)
    action = models.CharField(max_length=14, choices=Action)
    item = models.CharField(
        max_length=60,
        blank=True,
        help_text="Row of the file or session, revision, or name of the page.",
    )
    result = models.CharField(max_length=10, choices=Result)
    address = models.GenericIPAddressField("from", null=True)
    note = models.TextField(blank=True, help_text="The reason typed for emergency access.")

    objects = AccessQuerySet.as_manager()

    class Meta:
        verbose_name = "access"
        verbose_name_plural = "access log"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["practice", "id"], name="access_of_practice")]

    def __str__(self):
        return f"{self.words}, case {self.case_number}" if self.case_number else self.words

    @property
    def words(self):
        """What was done, in words: "RX script downloaded", "Signed in"."""
        if self.what == self.What.ACCOUNT:
            return self.get_action_display()
        revision = f" {self.item}" if self.what == self.What.RX and self.item.isdigit() else ""
        return f"{self.get_what_display()}{revision} {self.get_action_display().lower()}"

    @property
    def is_refused(self):
        return self.result in {"not_now", "not_theirs", "not_there"}


class AccessLink(models.Model):
    """The place of a row of the access log in the chain of its practice, and what proves it.

    Added by `accounts.access_log.link` soon after the row, and like it never changed or deleted.
    """

    row = models.OneToOneField(
        Access,
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="link",
        # It would lock the row, and that needs the right to change it.
        db_constraint=False,
    )
    # Of a practice, or 0: each chain counts its rows from 1.
    chain = models.PositiveBigIntegerField()
    position = models.PositiveBigIntegerField("number")
    previous = models.CharField("digest of the row before", max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="access_follows_one_other")
        ]

    def __str__(self):
        return f"{self.chain}/{self.position}"

    def computed_digest(self):
        """The digest that the row should have."""
        row = self.row
        return chaining.digest(
            chain=self.chain,
            position=self.position,
            previous=self.previous,
            at=row.at,
            user=row.user_id,
            practice=row.practice_id,
            case_number=row.case_number,
            what=row.what,
            action=row.action,
            item=row.item,
            result=row.result,
            address=row.address,
            note=row.note,
        )


class AccessChain(models.Model):
    """The newest row of a chain of the access log, as far as it is linked."""

    # Of a practice, or 0.
    chain = models.PositiveBigIntegerField(primary_key=True)
    position = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=chaining.BEGINNING)

    def __str__(self):
        return f"practice {self.chain}" if self.chain else "the lab"
