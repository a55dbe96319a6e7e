from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access_log, policies, services, unsent
from accounts.forms import NameForm, PracticeForm, WhoForm
from accounts.models import Access

ROWS_A_PAGE = 50
ROWS_READ = 5000  # of which pages are made; a link leads to older ones


@require_http_methods(["GET", "HEAD", "POST"])
@unsent.kept
def account(request):
    """The practice and the person who is signed in, each with its own form."""
    practice = request.user.practice
    typed = _typed_before(request)
    practice_form = _practice_form(request, initial=typed) if practice else None
    name_form = NameForm(instance=request.user, initial=typed)
    if practice and "save_practice" in request.POST:
        practice_form = _practice_form(request, request.POST)
        saved = practice_form.is_valid()
        if saved:
            services.change_practice(practice, practice_form.changeable, by=request.user)
        # A refused value must not show up as the practice's own elsewhere on the page.
        practice.refresh_from_db()
    elif "save_name" in request.POST:
        name_form = NameForm(request.POST, instance=request.user)
        saved = _save(name_form)
    else:
        saved = False
    if saved:
        messages.success(request, "Your changes are saved.")
        return redirect("accounts:account")
    if request.method == "POST":
        messages.error(request, "Nothing was saved yet. Please correct what is marked below.")
    context = {
        "practice_form": practice_form,
        "name_form": name_form,
        "practice": practice,
        "owners": practice.owners if practice else None,
        "form_token": unsent.token(request.user, request.path),
    }
    return render(request, "accounts/account.html", context)


def _typed_before(request):
    typed = unsent.of(request.user, request.path)
    if typed is None:
        return {}
    unsent.forget(request.user, request.path)
    messages.warning(request, "What you typed is below. It is not saved yet: please press Save.")
    names = {*PracticeForm.Meta.fields, *NameForm.Meta.fields}
    return {name: value for name, value in typed.items() if name in names}


def _practice_form(request, *args, **kwargs):
    practice = request.user.practice
    may = policies.can_change_confirmation_address(request.user)
    if not may and "email" in kwargs.get("initial", {}):
        kwargs["initial"] = {**kwargs["initial"], "email": practice.email}
    return PracticeForm(*args, instance=practice, may_change_address=may, **kwargs)


def _save(form):
    if not form.is_valid():
        return False
    # Only these: what the lab changed a moment ago in the same row stays.
    form.instance.save(update_fields=list(form.fields))
    return True


@never_cache
@require_safe
def access(request):
    """Who opened, fetched and changed what of the practice; the newest first."""
    if not policies.can_read_access_log(request.user):
        raise PermissionDenied("The access log is read by owners of the practice.")
    practice = request.user.practice
    form = WhoForm(request.GET or None, practice=practice)
    rows = form.chosen(Access.objects.visible_to(request.user).select_related("user"))
    # The key is the order of writing, and has an index with the practice.
    rows = _older(rows.filter(practice=practice), request.GET.get("before", ""))
    page = Paginator(rows.order_by("-pk")[:ROWS_READ], ROWS_A_PAGE)
    page = page.get_page(request.GET.get("page"))
    page.object_list = list(page.object_list)
    context = {
        "page": page,
        "older": page.object_list[-1].pk if page.end_index() == ROWS_READ else None,
        "form": form,
        "practice": practice,
        "is_filtered": bool(request.GET.get("case") or request.GET.get("who")),
    }
    _note_reading(request, practice)
    return render(request, "accounts/access.html", context)


def _older(rows, before):
    """Those written before a row, which is named by its key."""
    is_number = before.isascii() and before.isdigit() and len(before) < 19
    return rows.filter(pk__lt=int(before)) if is_number else rows


def _note_reading(request, practice):
    access_log.write(
        user=request.user,
        practice_id=practice.pk,
        what=Access.What.LOG,
        action=Access.Action.OPENED,
        result=Access.Result.GIVEN,
        address=access_log.address_of(request),
    )
