"""What was typed and not sent yet, so that neither an error nor a lost session loses it.

A draft holds the fields of the form and nothing else of what was posted, each up to a few times
its limit: what is too long for the case is kept as well, as long as somebody may have typed it.
"""

import hashlib
import json
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts import unsent as unsent_forms
from cases import limits, teeth
from cases.models import (
    DESCRIPTION_LIMIT,
    IMPLANT_LIMIT,
    MATERIAL_LIMIT,
    SIGNATURE_LIMIT,
    Attachment,
    Case,
    Draft,
)

LASTS = timedelta(days=7)  # since somebody typed
_TIMES = 4  # the limit of a field
_CHOICE = 25  # characters of what is chosen: a date, a key, a word
# The limit of each field, and of what is typed for each tooth.
LIMITS = {
    "patient_name": Case._meta.get_field("patient_name").max_length,
    "dentist": _CHOICE,
    "support": _CHOICE,
    "guidance": _CHOICE,
    "sleeve": _CHOICE,
    "anchor_pins": _CHOICE,
    "bone_reduction": _CHOICE,
    "materials": MATERIAL_LIMIT,
    "description": DESCRIPTION_LIMIT,
    "surgery_date": _CHOICE,
    "shipping_address": Case._meta.get_field("shipping_address").max_length,
    "signed_name": SIGNATURE_LIMIT,
    **{f"implant_{code}": IMPLANT_LIMIT for code in teeth.ALL},
}


def place_of_new(key):
    """The address of a new case's form, to which somebody who was signed out comes back."""
    return f"{reverse('cases:new')}?draft={key}"


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
        # What is kept of an update is no new case.
        Draft.objects.filter(pk=key).exclude(case=None),
    )
    is_taken = any(rows.exists() for rows in taken)
    return not (is_taken or unsent_forms.is_of_another(user, place_of_new(key)))


def update_key(case):
    """The key of a case's update form: one for the practice, until the update is submitted.

    Derived and not stored, so that files uploaded yesterday by a colleague are found again.
    """
    return uuid.uuid5(case.form_key, f"after revision {case.prescriptions.count()}")


def keep(form_key, posted, case=None, *, by):
    """Keep what was typed: `posted` is the form's QueryDict. A submitted form keeps nothing.

    Raises LimitReached when the user has as many drafts as there may be, and this is a new one.
    """
    if Case.objects.filter(form_key=form_key).exists():
        return None
    typed = {"data": fields(posted), "updated_at": timezone.now()}
    with transaction.atomic():
        if not Draft.objects.filter(pk=form_key).exists():
            limits.check_draft(by)
        draft, _ = Draft.objects.update_or_create(
            form_key=form_key, defaults=typed, create_defaults={"user": by, "case": case, **typed}
        )
    return draft


def fields(posted):
    """What of a posted form is kept: name → values, each cut as a draft's are."""
    typed = {
        # PostgreSQL takes no NUL in JSON, and nobody types one.
        name: [posted[name].replace("\0", "")[: _TIMES * limit]]
        for name, limit in LIMITS.items()
        if name in posted
    }
    chosen = [code for code in teeth.ALL if code in set(posted.getlist("teeth"))]
    return typed | ({"teeth": chosen} if chosen else {})


def not_kept(posted):
    """A sentence about what was typed that is longer than what is kept of it, or ""."""
    cut = [name for name, limit in LIMITS.items() if len(posted.get(name, "")) > _TIMES * limit]
    if not cut:
        return ""
    shown = ", ".join(name.replace("_", " ") for name in cut)
    most = ", ".join(f"{_TIMES * LIMITS[name]:,}" for name in cut)
    return (
        f"What you typed is too long to be kept as a whole ({shown}): only the first {most} "
        "characters are. Please shorten it, or upload it as a file."
    )


def initial(data):
    """The data of a draft as a form's `initial`."""
    values = {name: typed[-1] if typed else "" for name, typed in data.items()}
    values["teeth"] = data.get("teeth", [])
    values["implants"] = {
        name.removeprefix("implant_"): typed
        for name, typed in values.items()
        if name.startswith("implant_")
    }
    for name in ("anchor_pins", "bone_reduction"):
        values[name] = name in data
    return values


def of_update(case, user):
    """The draft of the case's next update, or None; the lab sees no drafts."""
    return Draft.objects.visible_to(user).filter(pk=update_key(case), case=case).first()


def fingerprint(draft):
    """What tells whether a draft still says what somebody looked over."""
    return hashlib.sha256(json.dumps(draft.data, sort_keys=True).encode()).hexdigest()


def as_posted(draft):
    """The typed values as if the form were posted again."""
    posted = QueryDict(mutable=True)
    for name, values in draft.data.items():
        posted.setlist(name, values)
    return posted


def unsent(user, but=None):
    """Names and no contents of a user's forms that were not sent, newest first.

    Each is a dict of `form_key`, `updated_at`, `number` of the case that it updates, and `name`
    of the patient, which may be empty. `but` is the key of one to leave out.
    """
    # A save that crossed Submit on its way may have come after it.
    sent = Case.objects.filter(form_key=OuterRef("form_key"))
    rows = Draft.objects.visible_to(user).filter(~Exists(sent), user=user).exclude(pk=but)
    named = rows.values("form_key", "updated_at", number=F("case__number")).annotate(
        name=Coalesce(
            "case__patient_name", KT("data__patient_name__0"), Value(""), output_field=TextField()
        )
    )
    return named[: limits.DRAFTS.most]
