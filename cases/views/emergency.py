"""Pages of Django admin on which somebody of the lab opens a case that they do not see."""

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from cases import access, emergency, policies
from cases.access import Action, Result, Visit, What, logged
from cases.forms import EmergencyForm
from cases.models import EmergencyGrant
from portal.limits import LimitReached
from portal.writing.times import clock


@require_http_methods(["GET", "HEAD", "POST"])
@admin.site.admin_view
@logged(What.CASE, Action.EMERGENCY)
def emergency_page(request):
    """Type a case number and a reason; the cases that are open to the person are listed."""
    _check(request.user)
    form = EmergencyForm(request.POST or None)
    if form.is_valid() and _opened(request, form):
        return redirect("cases:emergency")
    context = {
        **admin.site.each_context(request),
        "title": "Emergency access",
        "form": form,
        "grants": EmergencyGrant.objects.open_to(request.user).select_related("case"),
        "zone": settings.LAB_TIME_ZONE,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/emergency.html", context, status=status)


def _check(user):
    if not policies.can_open_in_emergency(user):
        raise PermissionDenied("Emergency access is for the group Emergency.")


def _opened(request, form):
    """Whether the case was opened; else the form says why not."""
    number, reason = form.cleaned_data["number"], form.cleaned_data["reason"]
    case = emergency.case_numbered(number)
    if case is None:
        request.visit.asked, request.visit.result = number, Result.NOT_THERE
        # Staff may know which numbers there are.
        form.add_error("number", "There is no case of this number. Please check it.")
        return False
    try:
        with access.changing(request, Visit(What.CASE, Action.EMERGENCY, case=case, reason=reason)):
            grant = emergency.open_case(case, reason, by=request.user, now=timezone.now())
    except LimitReached as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(
        request,
        f"Case {case} is open to you until {clock(grant.until, settings.LAB_TIME_ZONE)}. "
        f"The owners of {case.practice} are told by mail.",
    )
    return True


@require_POST
@admin.site.admin_view
@logged(What.CASE, Action.EMERGENCY_ENDED)
def end_emergency(request, pk):
    _check(request.user)
    grant = get_object_or_404(EmergencyGrant.objects.open_to(request.user), pk=pk)
    request.visit.case = grant.case
    emergency.end(grant, now=timezone.now())
    messages.success(request, f"Case {grant.case} is no longer open to you.")
    return redirect("cases:emergency")
