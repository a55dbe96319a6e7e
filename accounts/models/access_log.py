from django.db import models
from django.utils import timezone

from accounts import chaining
from accounts.models.people import Practice, User


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
        UNAVAILABLE = "away", "Storage away"

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
