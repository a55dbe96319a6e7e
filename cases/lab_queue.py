"""Cases as the lab sees them: what waits for it, and whose word was the last."""

from django.db.models import Case as FirstOf
from django.db.models import Count, OuterRef, Q, Subquery, Value, When

from cases.models import Case, Message
from cases.progress import LAB_ORDER, Progress


def lab_turn():
    """An expression that sorts cases by `LAB_ORDER`."""
    whens = [When(progress=progress, then=Value(at)) for at, progress in enumerate(LAB_ORDER)]
    return FirstOf(*whens)


def with_last_message(cases):
    """Annotate `last_message_at` and `last_message_practice`, None when the lab wrote last."""
    newest = Message.objects.filter(case=OuterRef("pk")).order_by("-created_at", "-pk")
    return cases.annotate(
        last_message_at=Subquery(newest.values("created_at")[:1]),
        last_message_practice=Subquery(newest.values("author__practice")[:1]),
    )


def awaiting_answer(cases):
    """Cases in which the practice had the last word; takes those of `with_last_message`."""
    return cases.exclude(last_message_practice=None)


def counts(user):
    """Pairs of progress and its number of cases that the user sees, in `LAB_ORDER`.

    Archived cases count too.
    """
    found = Case.objects.visible_to(user).aggregate(
        **{progress.name: Count("pk", filter=Q(progress=progress)) for progress in Progress}
    )
    return [(progress, found[progress.name]) for progress in LAB_ORDER]
