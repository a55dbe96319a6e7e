"""What a move by the lab will do, said on a page before it is made."""

from collections import Counter
from copy import copy
from dataclasses import dataclass, field
from datetime import date

from django.contrib import messages
from django.contrib.admin import helpers
from django.template.response import TemplateResponse
from django.utils import timezone

from cases import access, services
from cases.access import Action, Visit, What
from cases.models import Case
from cases.progress import Progress, Who
from portal.refusal import NotAllowed

MOST = 200  # cases on one page, which a person can still read


@dataclass(frozen=True)
class Consequence:
    """What else a move ends, as the hook `consequences_of_move` says it; or why it may not be."""

    sentence: str = ""
    told: tuple[str, ...] = ()  # addresses
    # Whether the planning date of the case goes with it.
    ends_planning: bool = False
    # Another one as soon as something else would happen.
    key: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Foreseen:
    """A move of one case: the ship date it then has, what else ends and who is told by mail."""

    case: Case
    to: Progress
    ship_date: date | None = None
    consequence: Consequence = field(default_factory=Consequence)
    told: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def key(self):
        """What the page sends back: another one as soon as something else would happen.

        So it is when the dentist has updated the case, which nobody should make by the old RX.
        """
        case = self.case
        return f"{case.pk}.{case.progress}.{case.modified_at.timestamp()}.{self.consequence.key}"

    @property
    def told_by_mail(self):
        """Each address once, with the number of its mails where it is more than one; or ""."""
        mails = Counter(self.told)
        return ", ".join(
            address if number == 1 else f"{address} ({number} mails)"
            for address, number in mails.items()
        )


def foresee(case, to, consequence=None, *, now):
    """What a move of a case to `to` at `now` does, with its Consequence, if there is one."""
    consequence = consequence or Consequence()
    refusal = _refusal(case, to) or consequence.refusal
    if refusal:
        return Foreseen(case, to, refusal=refusal)
    after = copy(case)
    if consequence.ends_planning:
        after.planning_date = None
    ship_date = services.ship_date_after_move(after, to, now)
    return Foreseen(case, to, ship_date, consequence, _told(case, to, consequence))


def _refusal(case, to):
    try:
        services.check_move(case, to, Who.LAB)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def _told(case, to, consequence):
    own = [case.practice.email] if services.tells_practice(case.progress, to) else []
    return [*own, *consequence.told]


def ask(model_admin, request, foreseen, **context):
    """The page of a bulk action: what will happen to which rows, and a button.

    `foreseen` is a dict of the key of each chosen row to what its case will do.
    """
    moving = {pk: one for pk, one in foreseen.items() if not one.refusal}
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "chosen": moving,
        "moving": list(moving.values()),
        "staying": [one for one in foreseen.values() if one.refusal],
        "ending": sum(bool(one.consequence.sentence) for one in moving.values()),
        "mails": sum(len(one.told) for one in moving.values()),
        "box": helpers.ACTION_CHECKBOX_NAME,
        **context,
    }
    return TemplateResponse(request, "admin/cases/case/bulk.html", context)


def few_enough(model_admin, request, queryset):
    """The chosen rows, or None with a word to the person when they are too many for one page."""
    rows = list(queryset[: MOST + 1])
    if len(rows) <= MOST:
        return rows
    refusal = f"Please choose {MOST} at most. Nothing was changed."
    model_admin.message_user(request, refusal, messages.WARNING)
    return None


def ask_about_moves(model_admin, request, queryset, to):
    """Say which of the cases move to `to` and which do not, before any does."""
    cases = few_enough(model_admin, request, queryset.select_related("practice"))
    if cases is None:
        return None
    foreseen = model_admin.foresee(cases, to, now=timezone.now())
    words = {"title": f"Move cases to {to.label}", "button": f"Move to {to.label}"}
    return ask(model_admin, request, foreseen, action=action_name(to), **words)


def action_name(to):
    return f"move_to_{to.name.lower()}"


def move_all(model_admin, request, queryset, to):
    """Make the moves that the page foretold, each by itself; what changed meanwhile stays."""
    moved, seen = 0, keys_seen(request)
    for case in queryset.select_related("practice"):
        try:
            with access.changing(request, Visit(What.CASE, Action.PROGRESS, case=case)):
                _move(model_admin, case, to, seen, by=request.user, now=timezone.now())
        except NotAllowed as refusal:
            model_admin.message_user(request, str(refusal), messages.ERROR)
        else:
            moved += 1
    if moved:
        cases = "1 case" if moved == 1 else f"{moved} cases"
        model_admin.message_user(request, f"{cases} moved to {to.label}.", messages.SUCCESS)


def _move(model_admin, case, to, seen, *, by, now):
    check_foreseen(model_admin.foresee([case], to, now=now)[case.pk], seen)
    model_admin.before_move(case, to, by=by, now=now)
    services.move(case, to, Who.LAB, by=by, now=now)


def keys_seen(request):
    """What was foretold on the page that was sent, by row; nothing when it was sent by itself."""
    keys = request.POST.getlist("foreseen")
    return {key.partition(".")[0]: key for key in keys}


def check_foreseen(foreseen, seen):
    """Raises NotAllowed when the page foretold something else."""
    if seen.get(str(foreseen.case.pk), foreseen.key) != foreseen.key and not foreseen.refusal:
        raise services.ChangedMeanwhile(foreseen.case)
