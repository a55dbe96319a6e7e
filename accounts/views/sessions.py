"""Where somebody is signed in, for how long, and by which steps."""

from allauth.account.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.webauthn.views import login_webauthn, remove_webauthn
from allauth.usersessions.views import list_usersessions
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.generic import FormView

from accounts.sign_in import activity, browsers, rate_limits, second_step
from accounts.sign_in.allauth_internals import ratelimit


@activity.asked_by_programs
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


@require_http_methods(["GET", "HEAD", "POST"])
def end_session(request, pk):
    """Sign out on one device; the present one by the page for that, which asks."""
    session = get_object_or_404(activity.sessions_of(request.user), pk=pk)
    if session.session_key == request.session.session_key:
        return redirect("account_logout")
    if request.method == "POST":
        session.end()
        messages.success(request, f"{browsers.words(session.user_agent)} is signed out.")
    return redirect("usersessions_list")


@require_POST
def sign_out_everywhere(request):
    activity.end_all(activity.sessions_of(request.user))
    logout(request)
    messages.success(request, "You are signed out everywhere.")
    return redirect("account_login")


@login_not_required
@require_safe
def find_change_password(request):
    """Where password managers look (W3C, "A Well-Known URL for Changing Passwords")."""
    return redirect("account_change_password")


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_sign_in(request):
    """The library's page, with a limit for strangers: each question to a passkey is a session."""
    if request.method == "GET" and get_adapter().is_ajax(request):
        taken = ratelimit.consume(
            request, app=rate_limits.APP, action="ask_passkey", limit_get=True
        )
        if taken is None:
            return ratelimit.respond_429(request)
    return login_webauthn(request)


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
