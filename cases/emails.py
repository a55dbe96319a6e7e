"""Mails about cases. They name the case number only, never the patient."""

from django.conf import settings

from portal.mail import outbox


def _to_practice(kind, case, about, **context):
    context = {"case": case, "practice": case.practice, **context}
    return outbox.add(kind, case.practice.email, f"{case.number}:{about}", context)


def case_submitted(case, revision):
    return _to_practice("case_submitted", case, revision)


def confirmation_of(case):
    """The mail that confirms that the case was sent, or None."""
    return outbox.added("case_submitted", case.practice.email, f"{case.number}:1")


def case_updated(case, revision):
    return _to_practice("case_updated", case, revision)


def case_changed(case, revision):
    """Tell the planner of the booked session, and the lab, that an update came after it."""
    planners = case.planning_sessions.filter(state="booked").values_list(
        "block__planner__user__email", flat=True
    )
    context = {"case": case, "practice": case.practice}
    for to in {*planners, settings.LAB_EMAIL}:
        outbox.add("case_changed", to, f"{case.number}:{revision}", context)


def case_corrected(case, revision):
    return _to_practice("case_corrected", case, revision)


def case_missing(case, event, items):
    has_note = any(item.note for item in items)
    return _to_practice("case_missing", case, event.pk, items=items, has_note=has_note)


def case_ready_to_plan(case, event):
    return _to_practice("case_ready_to_plan", case, event.pk)


def case_no_show(case, event):
    return _to_practice("case_no_show", case, event.pk)


def case_shipped(case, event):
    return _to_practice("case_shipped", case, event.pk)


def case_tracking_corrected(case, event):
    return _to_practice("case_tracking_corrected", case, event.pk)


def case_on_hold(case, event):
    return _to_practice("case_on_hold", case, event.pk, has_note=bool(event.note))


def case_cancelled(case, event):
    return _to_practice("case_cancelled", case, event.pk, has_note=bool(event.note))


def case_reopened(case, event):
    return _to_practice("case_reopened", case, event.pk, before=event.from_progress)


def message_posted(message):
    """Tell the other side; what was written stays on the record."""
    case = message.case
    if message.from_lab:
        return _to_practice("message_posted", case, message.pk)
    context = {"case": case, "practice": case.practice}
    return outbox.add("message_posted", settings.LAB_EMAIL, f"{case.number}:{message.pk}", context)


def form_unsent(draft, link, until):
    """Tell who began a form that it waits: a draft of drafts.to_remind_of, once for ever."""
    user = draft.user
    context = {
        "case": draft.case,
        "practice": user.practice,
        "draft": draft,
        "link": link,
        "until": until,
    }
    return outbox.add("form_unsent", user.email, draft.pk, context)


def emergency_access(grant):
    """Tell the owners of the practice; the reason, which may hold a name, is in their log."""
    case = grant.case
    owners = case.practice.members.filter(is_owner=True, is_active=True)
    # Somebody is told in any case.
    for to in owners.values_list("email", flat=True) or [case.practice.email]:
        context = {
            "case": case,
            "practice": case.practice,
            "person": grant.user,
            "at": grant.at,
            "until": grant.until,
        }
        outbox.add("emergency_access", to, f"{case.number}:{grant.pk}", context)
