from django import template

from cases import lab_queue
from cases.models import Attachment, Case, Prescription
from portal.models import Email
from portal.work import WorkState

register = template.Library()


@register.inclusion_tag("admin/cases/_overview.html", takes_context=True)
def lab_overview(context):
    """How many cases stand where, what waits for an answer and what work failed."""
    user = context["request"].user
    if not user.has_perm("cases.view_case"):
        return {}
    return {
        "counts": lab_queue.counts(),
        "unanswered": lab_queue.awaiting_answer(
            lab_queue.with_last_message(Case.objects.all())
        ).count(),
        "failed": [(label, url, number) for label, url, number in _failed() if number],
    }


def _failed():
    def count(model):
        return model.objects.filter(work_state=WorkState.FAILED).count()

    yield "files", "admin:cases_attachment_changelist", count(Attachment)
    yield "RX scripts", "admin:cases_prescription_changelist", count(Prescription)
    yield "mails", "admin:portal_email_changelist", count(Email)
