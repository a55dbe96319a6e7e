from copy import copy

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import unsent
from accounts.sign_in.activity import asked_by_programs
from cases import access, asking, drafts, findings, policies, services
from cases.access import Action, Result, What, logged
from cases.contradictions import is_answered, token
from cases.forms import CompareForm, MessageForm, PrescriptionForm, SignatureForm
from cases.models import Attachment
from cases.progress import Progress
from cases.readiness import IMPLANTS, SIGNATURE
from cases.rx.changes import changes
from cases.rx.revisions import newest, newest_number, snapshot, with_ship_date
from cases.views import parts
from cases.views.new import in_order, is_check, is_kept, keep, take_unsent
from portal.refusal import NotAllowed


@never_cache
@require_safe
@logged(What.CASE, Action.OPENED)
def record(request, number):
    case = access.find(request, number=number)
    draft, typed = _typed(request, case)
    message = unsent.of(request.user, _messages_of(case)) or {}
    message_form = MessageForm(initial={"body": message.get("body", "")})
    return _page(request, case, _form(case, typed), message_form, draft=draft)


def _typed(request, case):
    """The draft of the next update and its data, with what was sent by who was signed out."""
    draft, place = drafts.of_update(case, request.user), _update_of(case)
    if not policies.can_update(request.user, case):
        return draft, draft and draft.data
    if posted := unsent.of(request.user, place):
        _compare(request, case, posted)
    draft, typed = take_unsent(request, place, drafts.update_key(case), draft, case)
    return draft, typed and drafts.follow(case, typed)


CORRECTED = (
    "Case {} was corrected since you opened this form. What you had not changed is as the case has "
    "it now, and what you had changed is as you typed it."
)


def _update_of(case):
    return f"{case.get_absolute_url()}#update"


def _messages_of(case):
    return f"{case.get_absolute_url()}#messages"


def _form(case, typed):
    """The update form with the data of a draft, else with what the case has."""
    names = [*PrescriptionForm.Meta.fields, "implants"]
    initial = drafts.initial(typed) if typed else {name: getattr(case, name) for name in names}
    return PrescriptionForm(**_of(case), initial=initial)


def _of(case):
    """What the form has to know of the case."""
    return {"numbering": case.practice.tooth_numbering, "case": case}


def _signature(typed):
    """The form to sign with the name of a draft; the signature counts once all is looked over."""
    return SignatureForm(initial=drafts.initial(typed or {}))


def _page(request, case, form, message_form, draft=None, status=200):
    request.visit.what = What.CASE
    key, can_update = drafts.update_key(case), policies.can_update(request.user, case)
    missing = list(parts.missing(case))
    context = {
        "case": case,
        "practice": case.practice,
        "form": form,
        "all_forms": [form],
        "form_key": key,
        "form_token": unsent.token(request.user, _update_of(case)),
        "revision": newest_number(case),
        "draft": draft,
        "message_form": message_form,
        "message_token": unsent.token(request.user, _messages_of(case)),
        "files": parts.files(request, case),
        "unsent": _unsent(request, case, key).count(),
        "of_form": parts.files_of_form(request, _files(request, case).of_form(key)),
        "missing": missing,
        "is_all_here": case.progress == Progress.MISSING and not missing,
        "implants_are_missing": any(item.answer == IMPLANTS for item in missing),
        "signature": _signature(draft and draft.data),
        "dates_contradict": asking.of_dates(case),
        "prescriptions": parts.scripts(request, case),
        "events": parts.events(request, case),
        "thread": parts.thread(request, case),
        "needs": findings.of_case(case, now=timezone.now()),
        "can_update": can_update,
        "removed": parts.removed_of_form(request, key),
        "older": parts.older_files(request, key),
        "is_kept": not can_update or is_kept(request, draft),
        "unsent_forms": parts.unsent_forms(request, but=key),
        "can_archive": policies.can_archive(request.user, case),
        "can_write": policies.can_write_message(request.user, case),
    }
    return render(request, "cases/case_record.html", context, status=status)


def _unsent(request, case, key):
    return _files(request, case).unsent(key)


def _files(request, case):
    return Attachment.objects.visible_to(request.user).filter(practice=case.practice)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@unsent.kept
@logged(What.CASE, Action.UPDATED)
def update(request, number):
    """Look over an update with its old and new ship date, to sign it."""
    case = access.find(request, number=number)
    if request.method != "POST":
        return redirect(case)
    if not policies.can_update(request.user, case):
        return _too_late(request, case)
    posted, is_other = drafts.follow_posted(case, request.POST)
    form = PrescriptionForm(posted, **_of(case))
    if is_check(request) and form.is_valid():
        return in_order(request)
    draft = keep(request, drafts.update_key(case), posted, case)
    _compare(request, case, posted)
    if is_other:
        messages.info(request, CORRECTED.format(case.number))
    # A signature stands under what is kept, and so under nothing that was cut.
    if not form.is_valid() or draft is None or drafts.not_kept(posted):
        return _page(request, case, form, MessageForm(), draft=draft, status=422)
    return _look_over(request, case, draft, form, _signature(draft.data))


def _compare(request, case, posted):
    """Say so when the case was updated while somebody had its form open."""
    key = str(drafts.update_key(case))
    if posted.get("form_key", key) != key:
        messages.warning(
            request,
            f"Case {case.number} was updated since you opened this form. What you typed is kept. "
            "Please compare it with the case before you submit: it replaces that update.",
        )


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
    now = timezone.now()
    after = _after(case, form, now)
    files = _unsent(request, case, draft.form_key)
    found = asking.of_update(case, after, draft.form_key, now=now)
    context = {
        "case": case,
        "practice": case.practice,
        "form": form,
        "signature": signature,
        "all_forms": [signature],
        "after": after,
        "unsent": files[: parts.UNSENT],
        "more_unsent": max(files.count() - parts.UNSENT, 0),
        "unanswered": _unanswered(case, form, files),
        "seen": _seen(case, draft),
        "changes": _changes_of(case, after, by=request.user, now=now),
        "found": found,
        "asked": token(found),
    }
    return render(request, "cases/case_confirm_update.html", context, status=status)


def _after(case, form, now):
    """The case as it will be when the update is sent at `now`; it is not saved here."""
    after = copy(case)
    after.ship_date = services.expected_ship_date(now, case.planning_date)
    for name, value in form.values.items():
        setattr(after, name, value)
    return after


def _seen(case, draft):
    """What tells whether somebody signs what they looked over: the draft, and the case under it."""
    return f"{drafts.fingerprint(draft)}.{newest_number(case)}"


def _changes_of(case, after, *, by, now):
    """What the update changes, as Changes, or None; the lab may have corrected the case since."""
    if (before := newest(case)) is None:
        return None
    return changes(with_ship_date(before, case.ship_date), snapshot(after, 0, "", by=by, now=now))


def _unanswered(case, form, files):
    """What was missing and is not given by this update; the signature stands below."""
    given = {SIGNATURE}
    if set(form.cleaned_data["implants"]) == set(form.cleaned_data["teeth"]):
        given.add(IMPLANTS)
    without_file = case.missing_items.filter(answered_at=None).exclude(
        pk__in=files.exclude(answers=None).values("answers")
    )
    return [item for item in without_file[: parts.MISSING] if item.answer not in given]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@logged(What.CASE, Action.UPDATED)
def send_update(request, number):
    """Send the update that was looked over and is signed now."""
    case = access.find(request, number=number)
    if request.method != "POST":
        return redirect(case)
    if not policies.can_update(request.user, case):
        return _too_late(request, case)
    draft = drafts.of_update(case, request.user)
    if draft is None or not draft.data:
        request.visit.is_told = True
        messages.info(request, f"This update of case {case.number} was sent already.")
        return redirect(case)
    posted = drafts.as_posted(draft)
    form = PrescriptionForm(posted, **_of(case))
    if not form.is_valid():
        return _page(request, case, form, MessageForm(), draft=draft, status=422)
    if request.POST.get("seen") != _seen(case, draft):
        return _look_again(request, case, draft, form)
    signature = SignatureForm(request.POST)
    if not signature.is_valid():
        return _look_over(request, case, draft, form, signature, status=422)
    asked_at = timezone.now()
    found = asking.of_update(case, _after(case, form, asked_at), draft.form_key, now=asked_at)
    if not is_answered(found, request.POST.get("asked", "")):
        return _look_again(request, case, draft, form)
    name = signature.cleaned_data["signed_name"]
    try:
        with access.changing(request):
            given = {"by": request.user, "now": timezone.now(), "asked": found}
            services.update_case(case, draft, form.values, name, **given)
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
        "The case or its update was changed after you looked it over, in another window, by a "
        "colleague or by the lab, or there is more to ask now. Nothing was sent. Please look at it "
        "again and sign it.",
    )
    return _look_over(request, case, draft, form, SignatureForm(), status=409)


@require_http_methods(["GET", "HEAD", "POST"])
@unsent.kept
@logged(What.MESSAGE, Action.WRITTEN)
def post_message(request, number):
    case = access.find(request, number=number)
    if request.method != "POST":
        return redirect(case)
    if not policies.can_write_message(request.user, case):
        raise PermissionDenied("Who only reads a case writes no messages on it.")
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page_with_message(request, case, form, status=422)
    try:
        with access.changing(request):
            body = form.cleaned_data["body"]
            services.post_message(case, body, by=request.user, now=timezone.now())
            unsent.forget(request.user, _messages_of(case))
    except NotAllowed as refusal:
        form.add_error("body", str(refusal))
        return _page_with_message(request, case, form, status=429)
    messages.success(request, "Your message is sent.")
    return redirect(f"{case.get_absolute_url()}#messages")


def _page_with_message(request, case, message_form, status):
    draft, typed = _typed(request, case)
    return _page(request, case, _form(case, typed), message_form, draft=draft, status=status)


@never_cache
@require_safe
@logged(What.RX, Action.OPENED)
def compare(request, number):
    """What differs between two revisions of the RX script: the newest two, or those asked for."""
    case = access.find(request, number=number)
    scripts = case.prescriptions.all()
    form = CompareForm(request.GET or None, scripts=scripts)
    older, newer = form.revisions
    request.visit.item = f"{older}-{newer}"
    snapshots = dict(
        scripts.filter(revision__in=[older, newer]).values_list("revision", "snapshot")
    )
    context = {
        "case": case,
        "practice": case.practice,
        "form": form,
        "older": older,
        "newer": newer,
        "newest": form.usual[1],
        "changes": changes(snapshots[older], snapshots[newer]),
    }
    return render(request, "cases/case_changes.html", context)


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
