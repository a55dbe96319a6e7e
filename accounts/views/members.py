"""Pages on which owners manage the members of their practice, and on which these come in."""

from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import policies, services
from accounts.forms import AcceptForm, InviteForm
from accounts.models import Invitation, User
from portal.refusal import NotAllowed
from portal.stretch import Stretch

SHOWN = 100


def _owners_only(view):
    """Refuse all but owners before anything is looked up."""

    @wraps(view)
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    def checked(request, **kwargs):
        if not policies.can_manage_members(request.user):
            raise PermissionDenied
        return view(request, **kwargs)

    return checked


@_owners_only
def members(request):
    """Members and invitations of the practice, and a form to invite somebody."""
    if request.method != "POST":
        return _page(request, InviteForm())
    form = InviteForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was sent yet. Please correct what is marked below.")
        return _page(request, form, status=422)
    said = form.cleaned_data
    try:
        services.invite(
            request.user.practice,
            said["email"],
            said["name"],
            said["role"] == "owner",
            by=request.user,
            now=timezone.now(),
        )
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
        return _page(request, form, status=429)
    messages.success(request, f"An invitation to {said['email'].lower()} is on its way.")
    return redirect("accounts:members")


def _page(request, form, status=200):
    invitations = Invitation.objects.visible_to(request.user).not_answered()
    members = User.objects.visible_to(request.user)
    members = members.order_by("-is_active", "name", "pk")
    page = Paginator(members, SHOWN).get_page(request.GET.get("page"))
    context = {
        "practice": request.user.practice,
        "page": page,
        "members": page.object_list,
        "owners": request.user.practice.owners.count(),
        "invitations": Stretch(
            request, "invitations", invitations.select_related("invited_by"), SHOWN
        ),
        "form": form,
        "now": timezone.now(),
    }
    return render(request, "accounts/members.html", context, status=status)


@_owners_only
def deactivate(request, pk):
    member = _member(request, pk)
    if request.method != "POST":
        return _ask(request, member, "deactivate")
    done = f"{member} is deactivated and signed out everywhere."
    return _do(request, services.deactivate, member, done, by=request.user, now=timezone.now())


@_owners_only
def reactivate(request, pk):
    member = _member(request, pk)
    if request.method != "POST":
        return _ask(request, member, "reactivate")
    done = f"{member} can sign in again."
    return _do(request, services.reactivate, member, done, by=request.user)


@_owners_only
def make_owner(request, pk):
    member = _member(request, pk)
    if request.method != "POST":
        return _ask(request, member, "make_owner")
    done = f"{member} is now an owner."
    return _do(request, services.make_owner, member, done, by=request.user)


@_owners_only
def take_ownership(request, pk):
    member = _member(request, pk)
    if request.method != "POST":
        return _ask(request, member, "take_ownership")
    done = f"{member} is not an owner any more."
    return _do(request, services.take_ownership, member, done, by=request.user, now=timezone.now())


@_owners_only
def invite_again(request, pk):
    invitation = _invitation(request, pk)
    if request.method != "POST":  # from the sign-in page, when the session had ended
        return redirect("accounts:members")
    done = f"A new invitation to {invitation.email} is on its way. The one before works no more."
    return _do(
        request, services.invite_again, invitation, done, by=request.user, now=timezone.now()
    )


@_owners_only
def withdraw_invitation(request, pk):
    invitation = _invitation(request, pk)
    if request.method != "POST":
        return redirect("accounts:members")
    done = f"The invitation to {invitation.email} is withdrawn. Its link works no more."
    return _do(request, services.withdraw, invitation, done, now=timezone.now())


def _member(request, pk):
    return get_object_or_404(User.objects.visible_to(request.user), pk=pk)


def _invitation(request, pk):
    return get_object_or_404(Invitation.objects.visible_to(request.user), pk=pk)


def _ask(request, member, step):
    """Say what a step means for a member, with a button that takes it."""
    context = {"member": member, "step": step, "practice": request.user.practice}
    return render(request, "accounts/member_step.html", context)


def _do(request, service, row, done, **given):
    try:
        service(row, **given)
    except NotAllowed as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    # Who has just given up ownership has no list of members any more.
    request.user.refresh_from_db()
    allowed = policies.can_manage_members(request.user)
    return redirect("accounts:members" if allowed else "accounts:account")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def accept_invitation(request, token):
    """Make an account with the link in a mail. Signing in comes after it, as for everybody."""
    now = timezone.now()
    invitation = Invitation.objects.acceptable(now).with_token(token).first()
    if invitation is None:
        return _refused(request)
    user = User(email=invitation.email, name=invitation.name)
    initial = {"email": invitation.email, "name": invitation.name}
    form = AcceptForm(user, request.POST or None, initial=initial)
    if not form.is_valid():
        context = {"form": form, "practice": invitation.practice}
        status = 422 if form.is_bound else 200
        return render(request, "accounts/invitation.html", context, status=status)
    said = form.cleaned_data
    try:
        services.accept(invitation, said["name"], said["password1"], now=now)
    except services.NoSuchInvitation:
        return _refused(request)
    messages.success(request, f"Your account is ready. Please sign in as {invitation.email}.")
    return redirect("account_login")


def _refused(request):
    """The one answer to a link that was used, withdrawn, ran out or never was."""
    context = {"whom": "your practice"}
    return render(request, "accounts/invitation_refused.html", context, status=404)
