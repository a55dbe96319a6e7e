"""`/files/`: uploads by tus 1.0.0, and the list of files of a form that is not submitted yet."""

import uuid
from contextlib import contextmanager
from functools import wraps

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.http import http_date
from django.views.decorators.http import require_http_methods

from accounts import access_log
from accounts.sign_in.activity import asked_by_programs, reading
from cases import access, drafts, filetypes, limits, policies
from cases.access import Action, Result, Visit, What
from cases.files import receiving, tus
from cases.files.tus import Refused
from cases.models import Attachment, Case, Draft, MissingItem, RemovedFile
from cases.rx.revisions import newest_number
from cases.views import parts
from portal.http import slots
from portal.limits import LimitReached
from portal.writing.text import plain_text

# Requests with a body at a time: a browser has three, and a thread reads each.
AT_ONCE_A_PERSON = 6
AT_ONCE_AN_ADDRESS = 24  # as in deploy/nginx.conf
MOST_FILES = 100_000  # in one: more than any folder of slices has

State = Attachment.State
ADDED = (What.FILE, Action.ADDED)


def speaks_tus(view):
    """Answer refusals in plain text, and an ended session with 401 instead of a sign-in page."""

    @wraps(view)
    @login_not_required
    def answer(request, **kwargs):
        try:
            _check_member(request.user)
            access.begin(request, *ADDED)
            response = view(request, **kwargs)
        except Refused as refusal:
            sentence = "" if request.method == "HEAD" else str(refusal)
            response = HttpResponse(
                sentence, "text/plain; charset=utf-8", refusal.status, headers=refusal.headers
            )
        response["Tus-Resumable"] = tus.VERSION
        response["Cache-Control"] = "no-store"
        return response

    return answer


def _check_member(user):
    if not user.is_authenticated:
        raise Refused(401, "You were signed out. Nothing is lost: sign in again and go on.")
    if not policies.can_send_cases(user):
        raise Refused(403, "Files are uploaded by members of a practice.")


def _method(request):
    # For programs behind a proxy that knows GET and POST only (tus 1.0.0).
    if request.method == "POST":
        return request.headers.get("X-HTTP-Method-Override", "POST").upper()
    return request.method


@asked_by_programs
@require_http_methods(["OPTIONS", "GET", "POST"])
@speaks_tus
def uploads(request):
    """OPTIONS tells what is possible, POST begins an upload, GET lists the files of a form."""
    if request.method == "GET":
        return _files_of_form(request)
    if request.method == "POST":
        tus.check_version(request.headers)
        return _create(request)
    abilities = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(settings.MAX_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(tus.ALGORITHMS),
    }
    return HttpResponse(status=204, headers=abilities)


def _files_of_form(request):
    form_key = _form_key(request.GET.get("form", ""))
    answers = request.GET.get("answers", "")
    files = Attachment.objects.visible_to(request.user).filter(form_key=form_key, case=None)
    access.note(request, Visit(What.FORM, item=str(form_key)))
    context = {
        "form_key": form_key,
        "files": parts.files_of_form(request, files),
        "removed": parts.removed_of_form(request, form_key),
        "older": parts.older_files(request, form_key),
        "practice": request.user.practice,
        "answers": int(answers) if _is_key(answers) else "",
    }
    return render(request, "cases/_upload_list.html", context)


def _form_key(text):
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refused(400, "The files' form is missing. Please reload the page.") from None


def _create(request):
    size = tus.upload_length(request.headers)
    metadata = tus.metadata(request.headers)
    name = filetypes.clean_name(metadata.get("filename", ""))
    upload_key = _upload_key(metadata.get("key", ""))
    if earlier := _announced(request, upload_key, size):
        return _created(earlier, earlier.received_bytes)
    # tus knows no forms: a client that names none gets a key of its own, and the file expires
    # like every one that no form took.
    form_key = _form_key(metadata["form"]) if metadata.get("form") else uuid.uuid4()
    _check_size(name, size)
    of_case, case, form_key, answers = _place(request, form_key, metadata)
    receiving.check_room(size)
    try:
        with transaction.atomic():
            _check_number(request.user, form_key, of_case, size)
            attachment = Attachment.objects.create(
                case=case,
                form_key=form_key,
                practice=request.user.practice,
                uploaded_by=request.user,
                answers=answers,
                name=name,
                size=size,
                upload_key=upload_key,
                revision=newest_number(case) if case else None,
                **_told(metadata),
            )
            if not case and (of_case or metadata.get("form")):
                _go_on_with(request, form_key, of_case, name)
            added = Visit(*ADDED, str(attachment.pk), of_case)
            access.note(request, added, Result.DONE)
    except IntegrityError:
        # The same announcement, a moment earlier.
        return _created(_announced(request, upload_key, size), 0)
    has_bytes = tus.has_bytes(request.headers)
    return _created(attachment, _receive_first(request, attachment) if has_bytes else 0)


def _told(metadata):
    """What a browser tells of a file: the folders it lay in, and how many files it was made of."""
    count = metadata.get("files", "")
    return {
        "folder": filetypes.clean_folder(metadata.get("folder", "")),
        "file_count": min(max(int(count), 1), MOST_FILES) if _is_key(count) else 1,
    }


def _go_on_with(request, form_key, of_case, name):
    drafts.begin(form_key, of_case, by=request.user, now=timezone.now())
    # It is chosen again, or another one of its name.
    RemovedFile.objects.filter(form_key=form_key, name=name).delete()


def _upload_key(text):
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise Refused(400, "The key of the upload is broken. Please reload the page.") from None


def _announced(request, upload_key, size):
    """The upload of an announcement that is made again because its answer was lost, or None."""
    earlier = upload_key and Attachment.objects.filter(upload_key=upload_key).first()
    if earlier and (earlier.uploaded_by_id, earlier.size) != (request.user.pk, size):
        access.note(request, Visit(*ADDED, str(upload_key)), Result.NOT_THEIRS)
        raise Refused(409, "Another file has this key. Please choose the file again.")
    return earlier


def _created(attachment, offset):
    location = reverse("cases:upload", args=[attachment.pk])
    headers = {"Location": location, "Upload-Offset": str(offset)}
    return HttpResponse(status=201, headers=headers | _expiry(attachment))


def _receive_first(request, attachment):
    try:
        offset = _receive(request, attachment, offset=0)
        if offset < tus.body_length(request.headers):
            raise Refused(400, "The line broke off. Please send the file again.")
    except Refused:
        receiving.begin_anew(attachment)
        raise
    return offset


def _check_size(name, size):
    if size == 0:
        raise Refused(400, f"“{name}” is empty (0 bytes). Please check the file and choose again.")
    if size > settings.MAX_UPLOAD_BYTES:
        raise Refused(
            413,
            f"“{name}” is {filesizeformat(size)}, and the largest file the lab takes is "
            f"{filesizeformat(settings.MAX_UPLOAD_BYTES)}. Please write to {settings.LAB_EMAIL}.",
        )


def _place(request, form_key, metadata):
    """The case it is about, then case, form and missing item that a new file is given.

    All but the form may be None: a file of a case's next update has no case yet.

    A file waits for Submit, unless its form was submitted a moment ago; from a page older than
    the last update of its case it goes into the next one. Refuses with 404 what is another
    practice's, the same as what does not exist, and with 403 a read-only case.
    """
    user, asked = request.user, Visit(What.FORM, Action.ADDED, str(form_key))
    foreign = (
        Case.objects.filter(form_key=form_key).exclude(practice=user.practice_id),
        Attachment.objects.filter(form_key=form_key).exclude(practice=user.practice_id),
        Draft.objects.filter(pk=form_key).exclude(user__practice=user.practice_id),
    )
    if any(rows.exists() for rows in foreign):
        access.note(request, asked, Result.NOT_THEIRS)
        raise Refused(404, "There is no such form. Please reload the page.")
    named = _named_case(request, metadata)
    submitted = Q(form_key=form_key) | Q(attachments__form_key=form_key)
    attach_to = Case.objects.visible_to(user).filter(submitted).first()
    case = named or attach_to
    if case and not policies.can_update(user, case):
        asked.case = case
        access.note(request, asked, Result.NOT_NOW)
        raise Refused(
            403,
            f"Case {case.number} is {case.progress.label} and takes no more files here. "
            f"Please write to {settings.LAB_EMAIL}.",
        )
    if named and not attach_to:
        form_key = drafts.update_key(named)
    return case, attach_to, form_key, _answered_item(request, case, metadata)


def _named_case(request, metadata):
    if not metadata.get("case"):
        return None
    try:
        return access.find(request, number=plain_text(metadata["case"]))
    except Http404:
        access.note(request)
        raise Refused(404, "There is no such case. Please reload the page.") from None


def _answered_item(request, case, metadata):
    text = metadata.get("answers", "")
    if not text:
        return None
    item = case and _is_key(text) and MissingItem.objects.filter(case=case, pk=int(text)).first()
    if not item:
        access.note(request, Visit(*ADDED, "answers", case), Result.NOT_THERE)
        raise Refused(404, "The case does not miss this any more. Please reload the page.")
    return item


def _is_key(text):
    return text.isascii() and text.isdigit() and len(text) <= tus.MOST_DIGITS


def _check_number(user, form_key, case, size):
    try:
        limits.check_upload(user, form_key, case, size, timezone.now())
    except LimitReached as refusal:
        raise Refused(429, str(refusal)) from None


@asked_by_programs
@require_http_methods(["HEAD", "PATCH", "DELETE", "POST"])
@speaks_tus
def upload(request, pk):
    """HEAD asks how far an upload is, PATCH sends more of it, DELETE removes the file."""
    tus.check_version(request.headers)
    answers = {"HEAD": _progress, "PATCH": _append, "DELETE": _remove}
    answer = answers.get(_method(request))
    if answer is None:
        raise Refused(405, "An upload knows HEAD, PATCH and DELETE.", {"Allow": ", ".join(answers)})
    return answer(request, _own(request, pk))


def _own(request, pk):
    """The upload of the person's practice. Many requests are one upload: its begin is noted."""
    visible = Attachment.objects.visible_to(request.user).filter(pk=pk)
    # Without case and form it is removed, and only its bytes wait to go.
    attachment = visible.exclude(case=None, form_key=None).select_related("case").first()
    if attachment is None:
        _note_refusal(request, pk)
        raise Refused(404, "There is no such upload. Please choose the file again.")
    return attachment


def _note_refusal(request, pk):
    theirs, result = access.whose_file(request.user, pk)
    access.note(request, Visit(*ADDED, str(pk), practice_id=theirs), result)


def _check_not_expired(attachment):
    if receiving.is_expired(attachment, timezone.now()):
        raise Refused(410, receiving.NEVER_FINISHED)


def _progress(request, attachment):
    _check_not_expired(attachment)
    is_taken_over = receiving.have_here(attachment, timezone.now())
    offset = attachment.received_bytes
    if attachment.state == State.UPLOADING and offset == attachment.size:
        receiving.complete(attachment)
    headers = {"Upload-Offset": str(offset), "Upload-Length": str(attachment.size)}
    if is_taken_over and not offset:
        headers["Upload-Taken-Over"] = "1"  # transfer.js tells it to the person
    return HttpResponse(headers=headers | _expiry(attachment))


def _append(request, attachment):
    tus.check_body_type(request.headers)
    _check_not_expired(attachment)
    offset = tus.upload_offset(request.headers)
    headers = {"Upload-Offset": str(_receive(request, attachment, offset))}
    return HttpResponse(status=204, headers=headers | _expiry(attachment))


def _receive(request, attachment, offset):
    length = tus.body_length(request.headers)
    checksum = tus.checksum(request.headers)
    with _one_of_few(request):
        return receiving.receive(attachment, reading(request), offset, length, checksum)


@contextmanager
def _one_of_few(request):
    """Nobody has so many threads read for them that others find none."""
    address = access_log.address_of(request)
    try:
        with (
            slots.taken(f"uploads of person {request.user.pk}", AT_ONCE_A_PERSON),
            slots.taken(f"uploads from {address}", AT_ONCE_AN_ADDRESS),
        ):
            yield
    except slots.NoneFree:
        raise Refused(
            429,
            "So many of your uploads are on their way that this one has to wait. "
            "Nothing is lost: it goes on by itself.",
            {"Retry-After": "2"},
        ) from None


def _expiry(attachment):
    if attachment.state != State.UPLOADING:
        return {}
    return {"Upload-Expires": http_date(receiving.expires_at(attachment).timestamp())}


def _remove(request, attachment):
    asked = Visit(What.FILE, Action.REMOVED, str(attachment.pk), attachment.case)
    with transaction.atomic():
        is_removed = not attachment.case_id and drafts.remove_file(attachment)
        if is_removed:
            access.note(request, asked, Result.DONE)
    if not is_removed:
        access.note(request, asked, Result.NOT_NOW)
        raise Refused(
            403,
            f"“{attachment.name}” belongs to a case that was sent and stays with it. "
            f"If it is wrong, please write to {settings.LAB_EMAIL}.",
        )
    return HttpResponse(status=204)
