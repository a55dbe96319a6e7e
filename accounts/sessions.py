"""Where somebody is signed in, for how long, and by which steps."""

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.webauthn.views import remove_webauthn
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import list_usersessions
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import FormView

from accounts import activity, second_step


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def stay(request):
    """Tell a page how long its person stays signed in; POST says that they are still there."""
    if not request.user.is_authenticated:
        return HttpResponse("You are signed out.", "text/plain; charset=utf-8", status=401)
    return JsonResponse(
        {
            "seconds": activity.seconds_left(request),
            "person": request.user.pk,
            # Signing in again changes it, and what was typed must be sent with the new one.
            "token": get_token(request),
        }
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def signed_in(request):
    """The library's list of sessions, without those that are over."""
    activity.end_forgotten(request.user)
    return list_usersessions(request)


@require_POST
def sign_out_everywhere(request):
    for session in UserSession.objects.filter(user=request.user):
        session.end()
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    return redirect("account_login")


class MakeRecoveryCodes(GenerateRecoveryCodesView):
    """The library's page, which counts the codes that are left, also when their key is gone."""

    def get_context_data(self, **kwargs):
        try:
            return super().get_context_data(**kwargs)
        except second_step.KeyGone:
            return FormView.get_context_data(self, **kwargs) | {"unused_code_count": 0}


@require_http_methods(["GET", "HEAD", "POST"])
def remove_passkey(request, pk):
    """The library's page, but not for the last step of somebody who needs one."""
    mine = Authenticator.objects.filter(user=request.user, type=Authenticator.Type.WEBAUTHN)
    if not second_step.may_remove(get_object_or_404(mine, pk=pk)):
        messages.error(request, second_step.ONLY_ONE)
        return redirect("mfa_index")
    return remove_webauthn(request, pk=pk)
