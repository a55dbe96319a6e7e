from django import template

from cases import lab_queue
from cases.models import Case
from portal.health import status

register = template.Library()


@register.inclusion_tag("admin/cases/_overview.html", takes_context=True)
def lab_overview(context):
    """How many cases stand where, what waits for an answer and what work failed."""
    user = context["request"].user
    if not user.has_perm("cases.view_case"):
        return {}
    return {
        "counts": lab_queue.counts(user),
        "new": Case.objects.visible_to(user).new_to_lab().count(),
        "unanswered": lab_queue.awaiting_answer(
            lab_queue.with_last_message(Case.objects.visible_to(user))
        ).count(),
        # Of all cases, and of the mails.
        "failed": list(status.failed_work()) if user.has_perm("portal.view_host") else [],
    }
