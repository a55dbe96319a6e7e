from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import unsent
from accounts.sign_in.activity import asked_by_programs
from cases import access, asking, drafts, emails, findings, limits, policies, services
from cases.access import NO_ROW, Action, Result, Visit, What, logged
from cases.contradictions import is_answered, token
from cases.forms import CaseForm, SignatureForm
from cases.models import Attachment, Case, Draft
from cases.views import parts
from cases.views.needs import chosen_in, say
from portal.limits import LimitReached
from portal.writing import qr
from portal.writing.text import plain_text


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@unsent.kept
@logged(What.CASE, Action.CREATED)
def new_case(request):
    """The form for a new case. It keeps what was typed through errors and a lost session."""
    if not policies.can_send_cases(request.user):
        raise PermissionDenied("New cases are sent by members of a practice.")
    if request.method == "POST":
        return _submit(request)
    key = drafts.new_key(request.user, request.GET.get("draft", ""))
    if sent := Case.objects.visible_to(request.user).filter(form_key=key).first():
        # Back from the confirmation: another patient's files must not join the case that was sent.
        messages.info(request, f"That form was sent: it is case {sent.number}. This is a new one.")
        key = drafts.new_key(request.user)
    draft = Draft.objects.visible_to(request.user).filter(pk=key, user=request.user).first()
    draft, typed = take_unsent(request, drafts.place_of_new(key), key, draft)
    initial = {"shipping_address": request.user.practice.shipping_address}
    if typed:
        initial = drafts.initial(typed)
    form = CaseForm(practice=request.user.practice, initial=initial)
    return _page(request, key, form, SignatureForm(initial=initial), draft=draft)


def _submit(request):
    key = drafts.new_key(request.user, request.POST.get("form_key", ""))
    form = CaseForm(request.POST, practice=request.user.practice)
    signature = SignatureForm(request.POST)
    if not (form.is_valid() & signature.is_valid()):
        keep(request, key, request.POST)
        return _page(request, key, form, signature, status=422)
    name = signature.cleaned_data["signed_name"]
    given = {"by": request.user, "now": timezone.now()}
    found = asking.of_new_case(key, form.values, chosen=chosen_in(request.POST), **given)
    if not is_answered(found, request.POST.get("asked", "")):
        keep(request, key, request.POST)
        return _page(request, key, form, signature, status=422, found=found)
    if is_check(request):
        return in_order(request)
    try:
        with transaction.atomic():
            case, is_new = services.submit_case(key, form.values, name, asked=found, **given)
    except LimitReached as refusal:
        access.note(request, result=Result.NOT_NOW)
        messages.error(request, str(refusal))
        keep(request, key, request.POST)
        return _page(request, key, form, signature, status=429)
    if not is_new and _differs(case, form.values):
        return _keep_as_new(request, case)
    if not is_new:
        request.visit.is_told = True
        messages.info(request, f"This form was sent already: it is case {case.number}.")
    request.visit.case = case
    return redirect("cases:created", case.number)


def is_check(request):
    """Whether the page only asks if its form can be sent, as its files are still on their way."""
    return "check" in request.POST


def in_order(request):
    """The answer when it can; when it cannot, it is the page that says why."""
    request.visit.result = NO_ROW
    return HttpResponse(status=204)


def take_unsent(request, place, key, draft, case=None):
    """The draft of a form and its data, with what was sent from `place` by who was signed out.

    When no more drafts may be kept, the data has it and the draft is None. What was typed later,
    in another window or by a colleague, stays.
    """
    posted = unsent.of(request.user, place)
    if posted is None:
        return draft, draft and draft.data
    if draft and draft.data and draft.typed_at > posted.at:
        messages.warning(
            request,
            "This form was changed after your session had ended, in another window or by a "
            "colleague. It shows what was typed last; what you sent before is not in it.",
        )
        unsent.forget(request.user, place)
        return draft, draft.data
    kept = keep(request, key, posted, case)
    request.visit.is_told = False  # The page that is opened has its own row.
    if kept:
        unsent.forget(request.user, place)
    return kept, kept.data if kept else drafts.fields(posted)


def keep(request, key, posted, case=None):
    """Keep what was posted, or as much of it as may be kept, and say what is not.

    Returns the draft, or None when nothing is kept: then it stands on the page only.
    """
    try:
        with access.changing(request, Visit(What.FORM, Action.KEPT, str(key), case)):
            is_update = case is not None
            draft = drafts.keep(key, posted, case, by=request.user, also_untouched=is_update)
    except LimitReached as refusal:
        messages.warning(request, str(refusal))
        return None
    if told := drafts.not_kept(posted):
        messages.warning(request, told)
    return draft


def is_kept(request, draft):
    """Whether what is typed is kept: in the draft that is there, or as one more."""
    return bool(draft and draft.data) or not limits.are_drafts_full(request.user)


def _differs(case, values):
    return any(getattr(case, name) != value for name, value in values.items())


def _keep_as_new(request, case):
    """A form that was sent, changed after Back, and sent again: nothing typed is lost."""
    key = drafts.new_key(request.user)
    messages.warning(
        request,
        f"This form was sent as case {case.number} before you changed it, and that case is "
        "unchanged. What you typed stands below as a new case that is not sent yet. To change "
        f"case {case.number} instead, open it from your list.",
    )
    if keep(request, key, request.POST):
        return redirect(drafts.place_of_new(key))
    form = CaseForm(request.POST, practice=request.user.practice)
    return _page(request, key, form, SignatureForm(request.POST), status=409)


def _page(request, key, form, signature, draft=None, status=200, found=()):
    request.visit.what, request.visit.item = What.FORM, str(key)
    if not policies.has_a_prescriber(request.user.practice):
        return _no_dentist(request, status)
    context = {
        "form": form,
        "signature": signature,
        "all_forms": [form, signature],
        "found": found,
        "asked": token(found),
        "practice": request.user.practice,
        "ship_date": services.expected_ship_date(timezone.now()),
        "form_key": key,
        "form_token": unsent.token(request.user, drafts.place_of_new(key)),
        "files": parts.files_of_form(
            request, Attachment.objects.visible_to(request.user).of_form(key)
        ),
        "removed": parts.removed_of_form(request, key),
        "needs": _needs(request, key, form),
        "draft": draft,
        "unsent_forms": parts.unsent_forms(request, but=key),
        "is_kept": is_kept(request, draft),
    }
    return render(request, "cases/case_new.html", context, status=status)


def _needs(request, key, form):
    said = {
        "teeth": form.chosen_teeth,
        "support": form["support"].value() or "",
        "patient": plain_text(form["patient_name"].value() or ""),
        "chosen": chosen_in(request.POST),
    }
    return findings.of_form(key, request.user.practice, now=timezone.now(), **said)


def _no_dentist(request, status):
    """In the place of a form that could not be sent: what is missing, and who adds it."""
    mine = Draft.objects.visible_to(request.user).filter(user=request.user, case=None)
    context = {"practice": request.user.practice, "is_something_kept": mine.exists()}
    return render(request, "cases/case_no_dentist.html", context, status=status)


@asked_by_programs
@require_POST
@login_not_required
@logged(What.FORM, Action.KEPT, item="form_key")
def keep_draft(request, form_key):
    """Called by the page while somebody types: 204 when kept, 401 when signed out."""
    if not request.user.is_authenticated:
        return say("Please sign in again.", 401)
    case, visit = None, request.visit
    if "case" in request.POST:
        case = access.find(request, number=plain_text(request.POST["case"]))
    elif not policies.can_send_cases(request.user):
        raise PermissionDenied("New cases are sent by members of a practice.")
    elif drafts.new_key(request.user, str(form_key)) != form_key:
        visit.result = Result.NOT_THEIRS
        return say("This form is not yours.", 404)
    if case and not (
        policies.can_update(request.user, case) and drafts.update_key(case) == form_key
    ):
        visit.result = Result.NOT_NOW
        return say("This form was sent.", 409)
    # One row for a form and not one for every other key stroke.
    typed = Draft.objects.visible_to(request.user).typed()
    is_first = not typed.filter(pk=form_key).exists()
    visit.result = Result.DONE if is_first else NO_ROW
    try:
        with transaction.atomic():
            draft = drafts.keep(form_key, request.POST, case, by=request.user)
            if draft is None or not draft.data:
                visit.result = NO_ROW
    except LimitReached as refusal:
        visit.result = Result.NOT_NOW
        return say(str(refusal), 429)
    told = drafts.not_kept(request.POST)
    return say(told, 200) if told else HttpResponse(status=204)


@require_POST
@logged(What.FORM, Action.REMOVED, item="form_key")
def discard_draft(request, form_key):
    mine = Draft.objects.visible_to(request.user).filter(user=request.user)
    draft = get_object_or_404(mine, pk=form_key)
    case = request.visit.case = draft.case
    files = drafts.discard(draft)
    also = f", with {files} file{'s' if files > 1 else ''}" if files else ""
    messages.success(request, f"The unfinished form is discarded{also}.")
    return redirect(case or "cases:new")


@require_safe
@logged(What.CASE, Action.OPENED)
def created(request, number):
    """The confirmation, made to be printed for the patient's record."""
    case = access.find(request, number=number)
    request.visit.item = "confirmation"
    context = {
        "case": case,
        "practice": case.practice,
        "files": parts.files(request, case),
        "needs": findings.of_case(case, now=timezone.now()),
        "mail": emails.confirmation_of(case),
        "dates_contradict": asking.of_dates(case),
        "qr": qr.svg_data_uri(case.record_url),
    }
    return render(request, "cases/case_created.html", context)
