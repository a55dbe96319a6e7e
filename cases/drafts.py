"""What was typed and not sent yet, so that neither an error nor a lost session loses it.

A draft holds the fields of the form and nothing else of what was posted, each up to a few times
its limit: what is too long for the case is kept as well, as long as somebody may have typed it.
"""

import hashlib
import json
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Exists, F, Min, OuterRef, Q, Subquery, TextField, Value
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
    RemovedFile,
)
from cases.rx.revisions import newest_number
from cases.tasks import remove_attachment
from portal.writing.text import plain_text

REMIND_AFTER = timedelta(days=1)
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
    # Of the RX that an update was begun on.
    "revision": _CHOICE,
    **{f"implant_{code}": IMPLANT_LIMIT for code in teeth.ALL},
}


_AS_TEXT = (
    "support", "guidance", "sleeve", "materials", "description", "surgery_date", "shipping_address",
)  # fmt: skip
_TICKED = ("anchor_pins", "bone_reduction")


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
    own = case.prescriptions.filter(corrected_by=None)
    return uuid.uuid5(case.form_key, f"after revision {own.count()}")


def keep(form_key, posted, case=None, *, by, also_untouched=False):
    """Keep what was typed: `posted` is the form's QueryDict. A submitted form keeps nothing.

    Nor does one in which nothing is typed, unless `also_untouched`: an update may add files only.
    Raises LimitReached when the user has as many drafts as there may be, and this is a new one.
    """
    if Case.objects.filter(form_key=form_key).exists():
        return None
    data, now = fields(posted), timezone.now()
    if not also_untouched and _is_untouched(data, case, by):
        data = {}
        if not Draft.objects.filter(pk=form_key).exists():
            return None
    typed = {"case": case, "data": data, "typed_at": now, "updated_at": now}
    with transaction.atomic():
        if not Draft.objects.filter(pk=form_key).typed().exists():
            limits.check_draft(by)
        draft, _ = Draft.objects.update_or_create(
            form_key=form_key, defaults=typed, create_defaults={"user": by, **typed}
        )
    return draft


def _is_untouched(data, case, by):
    """Whether a form says what its page was opened with."""
    if case is None:
        # These are chosen for people.
        data = {name: data[name] for name in data if name not in ("dentist", "materials")}
        return _said(data) == _said({"shipping_address": [by.practice.shipping_address]})
    return _said(data) == _said(_of_case(case))


def _said(data):
    """What stands in a form, without what only a program reads."""
    said = {name: [plain_text(text, lines=True) for text in texts] for name, texts in data.items()}
    return {name: texts for name, texts in said.items() if any(texts) and name != "revision"}


def _of_case(case):
    """The case as the data of a draft."""
    data = {name: [str(getattr(case, name) or "")] for name in _AS_TEXT}
    data |= {name: ["on"] for name in _TICKED if getattr(case, name)}
    data |= {f"implant_{code}": [system] for code, system in case.implants.items()}
    return data | {"teeth": [code for code in teeth.ALL if code in case.teeth]}


def follow(case, data):
    """The data of an update, in which what nobody changed says what the case says now.

    The lab may have corrected the case after the form was opened, on the revision that it names.
    """
    seen, newest = data.get("revision", [""])[-1], newest_number(case)
    if not seen.isdecimal() or int(seen) >= newest:
        return data
    revisions = case.prescriptions.filter(revision__in=[int(seen), newest])
    snapshots = dict(revisions.values_list("revision", "snapshot"))
    if int(seen) not in snapshots:
        return data
    before, after = _of_snapshot(snapshots[int(seen)]), _of_snapshot(snapshots[newest])
    mine, old = _said(data), _said(before)
    followed = {
        name: after.get(name, [""])
        for name in {**before, **after}
        if before.get(name) != after.get(name) and mine.get(name) == old.get(name)
    }
    return {**data, **followed, "revision": [str(newest)]}


def _of_snapshot(rx):
    """What the lab may correct of an update's fields, as the data of a draft."""
    data = {name: [rx[name] or ""] for name in ("description", "surgery_date", "shipping_address")}
    data |= {f"implant_{code}": [system] for code, system in rx["implants"].items()}
    return data | {"teeth": [code for code in teeth.ALL if code in rx["teeth"]]}


def follow_posted(case, posted):
    """As `follow`, of a posted form; and whether that changed anything."""
    data = fields(posted)
    followed, copy = follow(case, data), posted.copy()
    for name, values in followed.items():
        if values != data.get(name):
            copy.setlist(name, values)
    return copy, _said(followed) != _said(data)


def begin(form_key, case=None, *, by, now):
    """A file came to a form, which lives on from now; before anything is typed it is empty."""
    renew(form_key, now)
    empty = {"user": by, "case": case, "updated_at": now}
    Draft.objects.get_or_create(form_key=form_key, defaults=empty)


def renew(form_key, now):
    """Somebody goes on with a form, so it and its files are kept from now on."""
    Draft.objects.filter(pk=form_key).update(updated_at=now)


def kept_until(form_key, since):
    """When a form and its files go; `since` is when the file came, should it have no draft."""
    renewed = Draft.objects.filter(pk=form_key).values_list("updated_at", flat=True).first()
    return max(since, renewed or since) + unsent_forms.lasts()


def discard(draft):
    """Remove a form that nobody will send, and its files; returns how many, but for failed ones."""
    files = Attachment.objects.filter(form_key=draft.pk, case=None)
    count = files.exclude(state=Attachment.State.FAILED).count()
    for attachment in files:
        remove_file(attachment)
    RemovedFile.objects.filter(form_key=draft.pk).delete()
    draft.delete()
    return count


def remove_file(attachment):
    """Remove a file that no case has: False when a case took it meanwhile.

    First no form can find it any more; then a worker of its host removes its bytes and its row.
    """
    # Of two who remove it at once, the second finds it in no form any more.
    rows = Attachment.objects.filter(pk=attachment.pk, case=None, form_key=attachment.form_key)
    if not rows.update(form_key=None, upload_key=None):
        return False
    remove_attachment.hand_over_on_commit(attachment.pk, attachment.work_queue)
    return True


def remove_left(attachment, now):
    """As `remove_file`, where the form was left: it keeps the name of what to choose again."""
    with transaction.atomic():
        is_removed = remove_file(attachment)
        if is_removed and attachment.form_key and not attachment.is_infected:
            RemovedFile.objects.create(
                form_key=attachment.form_key,
                practice_id=attachment.practice_id,
                answers_id=attachment.answers_id,
                name=attachment.name,
                removed_at=now,
            )
    return is_removed


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
    for name in _TICKED:
        values[name] = name in data
    return values


def of_update(case, user):
    """The draft of the case's next update, or None; the lab sees no drafts."""
    draft = Draft.objects.visible_to(user).filter(pk=update_key(case), case=case).first()
    if draft:
        draft.data = follow(case, draft.data)
    return draft


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
    """Names and no contents of the forms that wait unsent, one's own first, then the newest.

    Each is a dict of `form_key`, `updated_at`, how many `files` wait, whether it `is_mine` and
    something of it `is_typed`, `number` and `progress` of the case that it updates, and `name` of
    the patient, which may be empty. `but` is the key of one to leave out.
    """
    rows = waiting(Draft.objects.visible_to(user)).exclude(pk=but)
    named = rows.annotate(
        is_mine=Q(user=user),
        is_typed=~Q(data={}),
        name=Coalesce(
            "case__patient_name", KT("data__patient_name__0"), Value(""), output_field=TextField()
        ),
    ).order_by("-is_mine", "-updated_at")
    return named.values(
        "form_key", "updated_at", "files", "is_mine", "is_typed", "name",
        number=F("case__number"), progress=F("case__progress"),
    )  # fmt: skip


def waiting(rows):
    """Those drafts that were not sent and are not empty, each with how many `files` wait."""
    # A save that crossed Submit on its way may have come after it.
    sent = Case.objects.filter(form_key=OuterRef("form_key"))
    of_form = Attachment.objects.filter(form_key=OuterRef("form_key"), case=None)
    whole = of_form.exclude(state=Attachment.State.FAILED).order_by()
    number = whole.values("form_key").annotate(number=Count("pk")).values("number")
    rows = rows.filter(~Exists(sent)).annotate(files=Coalesce(Subquery(number), 0))
    return rows.exclude(data={}, files=0)


def to_remind_of(now):
    """Drafts whose person was not told yet that they wait, and should be."""
    rows = Draft.objects.filter(
        reminded_at=None,
        updated_at__lte=now - REMIND_AFTER,
        user__is_active=True,
        user__practice__is_active=True,
    )
    return waiting(rows).select_related("case", "user__practice")


def files_waiting(case):
    """How many files wait in the unsent update of a case, and `since` when, for the lab."""
    files = Attachment.objects.unsent(update_key(case)).filter(practice=case.practice)
    return files.aggregate(count=Count("pk"), since=Min("created_at"))
