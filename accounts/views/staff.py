"""The page on which somebody new at the lab chooses a password."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import access_log, services
from accounts.forms import FirstPasswordForm
from accounts.sign_in import staff_links


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def staff_invited(request, token):
    """Set a password with the link in a mail. Signing in comes after it, as for everybody."""
    user = staff_links.user_of(token)
    if user is None:
        return _refused(request)
    form = FirstPasswordForm(user, request.POST or None, initial={"email": user.email})
    if not form.is_valid():
        status = 422 if form.is_bound else 200
        return render(request, "accounts/staff_invited.html", {"form": form}, status=status)
    address = access_log.address_of(request)
    try:
        services.choose_first_password(user, form.cleaned_data["password1"], address)
    except services.NoSuchInvitation:
        return _refused(request)
    messages.success(request, f"Your password is saved. Please sign in as {user.email}.")
    return redirect_to_login(reverse("admin:index"))


def _refused(request):
    """The one answer to a link that was used, replaced, ran out or never was."""
    return render(request, "accounts/invitation_refused.html", {"whom": "the lab"}, status=404)
