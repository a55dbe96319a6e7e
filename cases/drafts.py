"""What was typed and not sent yet, so that neither an error nor a lost session loses it."""

import hashlib
import json
import uuid
from datetime import timedelta

from django.core import signing
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.utils import timezone

from accounts.models import User
from cases.models import Attachment, Case, Draft

LASTS = timedelta(days=7)  # since somebody typed, or opened the form
MESSAGES = 20  # of one person that are kept unsent, each of another case
_SALT = "cases.drafts"
_NOT_TYPED = {"csrfmiddlewaretoken", "form_token", "confirm"}
_PLACE = {"form_key", "case"}


def new_key(user, asked_for=""):
    """The key of a form for a new case: the one asked for, when it is the user's to use."""
    try:
        key = uuid.UUID(asked_for)
    except ValueError:
        return uuid.uuid4()
    return key if _is_free_for(user, key) else uuid.uuid4()


def _is_free_for(user, key):
    taken = (
        Case.objects.filter(form_key=key).exclude(practice=user.practice_id),
        Attachment.objects.filter(form_key=key).exclude(practice=user.practice_id),
        Draft.objects.filter(pk=key).exclude(user=user),
    )
    return not any(rows.exists() for rows in taken)


def update_key(case):
    """The key of a case's update form: one for the practice, until the update is submitted.

    Derived and not stored, so that files uploaded yesterday by a colleague are found again.
    """
    return uuid.uuid5(case.form_key, f"after revision {case.prescriptions.count()}")


def message_key(case, user):
    """The key of a person's message form on a case: of a text that could not be sent, one row."""
    return uuid.uuid5(case.form_key, f"message of {user.pk}")


def keep_message(case, user, body):
    """Keep a message whose writer was signed out before it was sent; whether it is kept."""
    others = Draft.objects.filter(user=user, data__has_key="body")
    if others.exclude(pk=message_key(case, user)).count() >= MESSAGES:
        return False
    kept = {"user": user, "case": case, "updated_at": timezone.now()}
    kept["data"] = {"body": [body.replace("\0", "")]}
    Draft.objects.update_or_create(form_key=message_key(case, user), defaults=kept)
    return True


def unsent_message(case, user):
    """What a person has typed to a case and could not send, or ""."""
    row = message_row(case, user).first()
    return row.data["body"][-1] if row else ""


def message_row(case, user):
    return Draft.objects.filter(user=user, case=case, form_key=message_key(case, user))


def token(form_key, user):
    """Proof that a form was given to a user, for the case that the session ends before Submit."""
    return signing.dumps([str(form_key), user.pk], salt=_SALT)


def owner(form_token):
    """The key and the user of a form's token, or None when it is not ours or too old."""
    try:
        key, user_pk = signing.loads(form_token, salt=_SALT, max_age=LASTS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=user_pk, is_active=True).first()
    return user and (uuid.UUID(key), user)


def keep(form_key, user, posted, case=None):
    """Keep what was typed: `posted` is the form's QueryDict. A submitted form keeps nothing."""
    # PostgreSQL takes no NUL in JSON, and nobody types one.
    data = {
        name: [value.replace("\0", "") for value in values]
        for name, values in posted.lists()
        if name not in _NOT_TYPED and "\0" not in name
    }
    if Case.objects.filter(form_key=form_key).exists():
        return None
    draft, _ = Draft.objects.update_or_create(
        form_key=form_key,
        defaults={"user": user, "case": case, "data": data, "updated_at": timezone.now()},
    )
    return draft


def initial(draft):
    """The typed values as a form's `initial`."""
    values = {name: typed[-1] if typed else "" for name, typed in draft.data.items()}
    values["teeth"] = draft.data.get("teeth", [])
    values["implants"] = {
        name.removeprefix("implant_"): typed
        for name, typed in values.items()
        if name.startswith("implant_")
    }
    for name in ("anchor_pins", "bone_reduction"):
        values[name] = name in draft.data
    return values


def of_update(case, user):
    """The draft of the case's next update, or None; the lab sees no drafts."""
    return Draft.objects.visible_to(user).filter(pk=update_key(case), case=case).first()


def fingerprint(draft):
    """What tells whether a draft still says what somebody looked over."""
    typed = {name: values for name, values in draft.data.items() if name not in _PLACE}
    return hashlib.sha256(json.dumps(typed, sort_keys=True).encode()).hexdigest()


def as_posted(draft):
    """The typed values as if the form were posted again."""
    posted = QueryDict(mutable=True)
    for name, values in draft.data.items():
        posted.setlist(name, values)
    return posted


def open_drafts(user):
    """Unfinished new cases of a user that hold something, newest first."""
    # A save that crossed Submit on its way may have come after it.
    sent = Case.objects.filter(form_key=OuterRef("form_key"))
    rows = Draft.objects.visible_to(user).filter(~Exists(sent), user=user, case=None)
    return [draft for draft in rows[:20] if draft.data.get("patient_name", [""])[-1].strip()]
