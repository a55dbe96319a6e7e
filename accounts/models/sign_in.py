from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import Practice, User
from portal.work import Work, WorkQuerySet
from portal.writing.text import plain_text


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

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=200)  # the address of the form
    data = models.JSONField()  # name → values
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "place"], name="one_unsent_form_a_place")
        ]

    def __str__(self):
        return str(self.pk)
