from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect

from accounts import access_log
from accounts.models import Access
from accounts.sign_in import activity, second_step

# All that somebody may do whose second step is still missing.
WITHOUT_SECOND_STEP = {
    "mfa_index", "mfa_activate_totp", "mfa_add_webauthn",
    "account_reauthenticate", "account_logout", "accounts:stay",
    "portal:healthz", "portal:readyz", "portal:metrics",
}  # fmt: skip
CODES_GONE = (
    "Your recovery codes do not work any more: the key that they were locked with is gone. "
    "Please make new ones."
)
SET_UP_FIRST = "Set up two-step sign-in first: sign in with a browser."


class SessionLimits:
    """Signs out whoever was idle for too long, or signed in half a day ago."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.user.is_authenticated and activity.seconds_left(request) <= 0:
            over = activity.is_over_the_day(request)
            logout(request)
            messages.info(request, _why(over))
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if request.user.is_authenticated and activity.is_sign_of_a_person(request, view):
            activity.keep_alive(request)


def _why(is_over_the_day):
    if is_over_the_day:
        return f"You were signed out after {settings.SIGNED_IN_HOURS} hours. Please sign in again."
    return (
        f"You were signed out, as nothing was done for {settings.IDLE_MINUTES} minutes. "
        "Please sign in again."
    )


class SecondStep:
    """Leads whoever must have a second step, and has none, to its set-up and nowhere else.

    That a session of somebody *with* a second step has passed it, sign-in guarantees; when the
    first one is set up, all other sessions of the person end (see signals).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        name = request.resolver_match.view_name
        if not request.user.is_authenticated or name in WITHOUT_SECOND_STEP:
            return None
        if not second_step.is_missing(request.user):
            return None
        if activity.is_asked_by_programs(view):
            return HttpResponse(SET_UP_FIRST, status=403, content_type="text/plain; charset=utf-8")
        return redirect("mfa_index")

    def process_exception(self, request, exception):
        # A page that shows recovery codes. Where a code is typed, the form has taken it.
        if isinstance(exception, second_step.KeyGone):
            messages.error(request, CODES_GONE)
            return redirect("mfa_index")
        return None


def note_refusals(get_response):
    """Add a row to the access log for each 403 that whoever refused did not note.

    Of the address only the name of its page is kept: the rest may hold what somebody typed.
    """

    def answer(request):
        response = get_response(request)
        if response.status_code == 403 and not getattr(request, "refusal_is_noted", False):
            _note(request)
        return response

    return answer


def _note(request):
    user = getattr(request, "user", None)
    # Strangers could fill the log otherwise.
    if user is None or not user.is_authenticated:
        return
    match = request.resolver_match
    is_asking = request.method in {"GET", "HEAD", "OPTIONS"}
    access_log.write(
        user=user,
        practice_id=user.practice_id,
        what=Access.What.PAGE,
        action=Access.Action.OPENED if is_asking else Access.Action.CHANGED,
        item=match.view_name[:60] if match else "",
        result=Access.Result.NOT_NOW,
        address=access_log.address_of(request),
    )
