from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.sign_in.activity import asked_by_programs
from accounts.views.account import sign_in_again
from cases import access, drafts, limits, policies, services
from cases.access import Action, Result, What, logged
from cases.forms import MessageForm, PrescriptionForm, SignatureForm
from cases.models import Attachment, Case, Message
from cases.views import parts
from cases.views.new import keep, only_here
from portal.limits import LimitReached
from portal.refusal import NotAllowed

MESSAGE_LIMIT = Message._meta.get_field("body").max_length


@never_cache
@require_safe
@logged(What.CASE, Action.OPENED)
def record(request, number):
    case = access.find(request, number=number)
    draft = drafts.of_update(case, request.user)
    return _page(request, case, _form(case, draft), _message_form(request, case), draft=draft)


def _form(case, draft):
    """The update form with what was typed before, else with what the case has."""
    names = [*PrescriptionForm.Meta.fields, "implants"]
    initial = drafts.initial(draft) if draft else {name: getattr(case, name) for name in names}
    return PrescriptionForm(numbering=case.practice.tooth_numbering, initial=initial)


def _message_form(request, case):
    """The message form, with what somebody typed into it whose session had ended."""
    return MessageForm(initial={"body": drafts.unsent_message(case, request.user)})


def _page(request, case, form, message_form, draft=None, status=200):
    request.visit.what = What.CASE
    key, can_update = drafts.update_key(case), policies.can_update(request.user, case)
    context = {
        "case": case,
        "practice": case.practice,
        "form": form,
        "all_forms": [form],
        "form_key": key,
        "form_token": drafts.token(key, request.user),
        "draft": draft,
        "message_form": message_form,
        "message_token": drafts.token(drafts.message_key(case, request.user), request.user),
        "files": parts.files(request, case),
        "unsent": _unsent(request, case, key).count(),
        "of_form": parts.files_of_form(request, _files(request, case).of_form(key)),
        "missing": parts.missing(case),
        "missing_note": case.missing_note,
        "prescriptions": parts.scripts(request, case),
        "events": parts.events(request, case),
        "thread": parts.thread(request, case),
        "can_update": can_update,
        "is_kept": draft or not can_update or not limits.are_drafts_full(request.user),
        "unsent_forms": drafts.unsent(request.user, but=key),
        "can_archive": policies.can_archive(request.user, case),
        "can_write": policies.can_write_message(request.user, case),
    }
    return render(request, "cases/case_record.html", context, status=status)


def _unsent(request, case, key):
    return _files(request, case).unsent(key)


def _files(request, case):
    return Attachment.objects.visible_to(request.user).filter(practice=case.practice)


@never_cache
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.CASE, Action.UPDATED)
def update(request, number):
    """Look over an update with its old and new ship date, sign it and send it."""
    if not request.user.is_authenticated:
        return _keep_and_sign_in(request, number)
    case = access.find(request, number=number)
    if request.method != "POST":
        return redirect(case)
    if not policies.can_update(request.user, case):
        return _too_late(request, case)
    if "confirm" in request.POST:
        return _confirm(request, case)
    form = PrescriptionForm(request.POST, numbering=case.practice.tooth_numbering)
    key = drafts.update_key(case)
    draft = keep(request, key, case)
    if request.POST.get("form_key", str(key)) != str(key):
        messages.warning(
            request,
            f"Case {case.number} was updated since you opened this form. What you typed is kept. "
            "Please compare it with the case before you submit: it replaces that update.",
        )
    # A signature stands under what is kept, and so under nothing that was cut.
    if not form.is_valid() or draft is None or drafts.not_kept(request.POST):
        return _page(request, case, form, MessageForm(), draft=draft, status=422)
    return _look_over(request, case, draft, form, SignatureForm())


def _keep_and_sign_in(request, number):
    """As for a new case, when the form is proved to be that of this case; else nothing is kept."""
    key, user = drafts.owner(request.POST.get("form_token", "")) or (None, None)
    case = user and Case.objects.visible_to(user).filter(number=number).first()
    if not case or drafts.update_key(case) != key:
        return redirect_to_login(request.get_full_path())
    if "confirm" not in request.POST and policies.can_update(user, case):
        try:
            drafts.keep(key, request.POST, case, by=user)
        except LimitReached as refusal:
            return only_here(request, key, refusal)
    return sign_in_again(case.get_absolute_url())


def _too_late(request, case):
    request.visit.result = Result.NOT_NOW
    messages.error(
        request,
        f"Case {case.number} is {case.progress.label} and can no longer be changed here. "
        f"Please write to {settings.LAB_EMAIL}.",
    )
    return redirect(case)


def _look_over(request, case, draft, form, signature, status=200):
    request.visit.item = "update"
    key = draft.form_key
    unsent = _unsent(request, case, key)
    context = {
        "case": case,
        "practice": case.practice,
        "form": form,
        "signature": signature,
        "all_forms": [signature],
        "teeth": form.cleaned_data["teeth"],
        "values": form.cleaned_data,
        "unsent": unsent[: parts.UNSENT],
        "more_unsent": max(unsent.count() - parts.UNSENT, 0),
        "unanswered": case.missing_items.filter(answered_at=None).exclude(
            pk__in=unsent.values("answers")
        )[: parts.MISSING],
        "new_ship_date": services.expected_ship_date(timezone.now(), case.planning_date),
        "form_token": drafts.token(key, request.user),
        "seen": drafts.fingerprint(draft),
    }
    return render(request, "cases/case_confirm_update.html", context, status=status)


def _confirm(request, case):
    draft = drafts.of_update(case, request.user)
    if draft is None:
        request.visit.is_told = True
        messages.info(request, f"This update of case {case.number} was sent already.")
        return redirect(case)
    posted = drafts.as_posted(draft)
    form = PrescriptionForm(posted, numbering=case.practice.tooth_numbering)
    if not form.is_valid():
        return _page(request, case, form, MessageForm(), draft=draft, status=422)
    if request.POST.get("seen") != drafts.fingerprint(draft):
        return _look_again(request, case, draft, form)
    signature = SignatureForm(request.POST)
    if not signature.is_valid():
        return _look_over(request, case, draft, form, signature, status=422)
    name = signature.cleaned_data["signed_name"]
    try:
        with access.changing(request):
            services.update_case(
                case, draft, form.values, name, by=request.user, now=timezone.now()
            )
    except services.AlreadySent as sent:
        messages.info(request, str(sent))
    else:
        messages.success(
            request,
            f"Case {case.number} is updated and its RX script renewed. "
            f"It ships on {case.ship_date:%B} {case.ship_date.day}, {case.ship_date.year}.",
        )
    return redirect(case)


def _look_again(request, case, draft, form):
    """A colleague shares the draft, and a signature stands under nothing that was not seen."""
    messages.warning(
        request,
        "The update was changed after you looked it over, in another window or by a colleague. "
        "Nothing was sent. Please look at it again and sign it.",
    )
    return _look_over(request, case, draft, form, SignatureForm(), status=409)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.MESSAGE, Action.WRITTEN)
def post_message(request, number):
    if not request.user.is_authenticated:
        return _keep_message_and_sign_in(request, number)
    case = access.find(request, number=number)
    if request.method != "POST":
        return redirect(case)
    if not policies.can_write_message(request.user, case):
        raise PermissionDenied("Who only reads a case writes no messages on it.")
    form = MessageForm(request.POST)
    if not form.is_valid():
        draft = drafts.of_update(case, request.user)
        return _page(request, case, _form(case, draft), form, draft=draft, status=422)
    try:
        with access.changing(request):
            body = form.cleaned_data["body"]
            services.post_message(case, body, by=request.user, now=timezone.now())
            drafts.message_row(case, request.user).delete()
    except NotAllowed as refusal:
        form.add_error("body", str(refusal))
        draft = drafts.of_update(case, request.user)
        return _page(request, case, _form(case, draft), form, draft=draft, status=429)
    messages.success(request, "Your message is sent.")
    return redirect(f"{case.get_absolute_url()}#messages")


def _keep_message_and_sign_in(request, number):
    """As for an update, when the form is proved to be this person's on this case."""
    back_to = reverse("cases:record", args=[number])
    body = request.POST.get("body", "")[:MESSAGE_LIMIT]
    key, user = drafts.owner(request.POST.get("form_token", "")) or (None, None)
    case = user and Case.objects.visible_to(user).filter(number=number).first()
    if not (body and case) or drafts.message_key(case, user) != key:
        return redirect_to_login(back_to)
    try:
        drafts.keep_message(case, body, by=user)
    except LimitReached as refusal:
        return only_here(request, None, refusal)
    return sign_in_again(back_to)


@asked_by_programs
@require_safe
@logged(What.RX, Action.OPENED)
def rx_state(request, number):
    """The list of RX revisions, fetched again by the page until all are ready."""
    case = access.find(request, number=number)
    context = {
        "case": case,
        "practice": case.practice,
        "prescriptions": parts.scripts(request, case),
    }
    return render(request, "cases/_prescriptions.html", context)


@asked_by_programs
@require_safe
@logged(What.FILE, Action.OPENED)
def file_states(request, number):
    """The list of files, fetched again by the page until all are stored."""
    case = access.find(request, number=number)
    context = {"case": case, "practice": case.practice, "files": parts.files(request, case)}
    return render(request, "cases/_files.html", context)
