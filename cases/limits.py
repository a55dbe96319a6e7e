"""How many cases, messages, files and forms one person or practice can store or send.

Each check belongs into the transaction that adds the row, at its beginning: it takes a turn, so
that of ten at once no more get through than of ten in a row.
"""

from django.db.models import Sum

from accounts.limits import take_turn
from accounts.models import Access
from cases.models import Attachment, Case, CaseEvent, Draft, EmergencyGrant, Message
from portal.limits import HOUR, Limit

GIGABYTE = 1000**3
LIST_AS_CSV = "list as CSV"

DRAFTS = Limit(
    "drafts_a_person",
    "You have {most} forms that are not sent yet, and that is as many as are kept: what is typed "
    "here is not kept. Please discard one that you do not need; until then, leave this page open.",
)
MESSAGES = Limit(
    "messages_an_hour_a_person",
    "You have sent {most} messages within an hour, so this one was not sent. It stands below "
    "still. Please send it later, or call us.",
    HOUR,
)
MESSAGES_OF_PRACTICE = Limit(
    "messages_an_hour_a_practice",
    "Your practice has sent {most} messages within an hour, so this one was not sent. It stands "
    "below still. Please send it later, or call us.",
    HOUR,
)
CASES = Limit(
    "cases_an_hour_a_person",
    "You have sent {most} cases within an hour, so this one was not sent. What you typed is kept. "
    "Please submit it again in an hour, or call us.",
    HOUR,
)
CASES_OF_PRACTICE = Limit(
    "cases_an_hour_a_practice",
    "Your practice has sent {most} cases within an hour, so this one was not sent. What you typed "
    "is kept. Please submit it again in an hour, or call us.",
    HOUR,
)
UPDATES = Limit(
    "updates_an_hour_a_person",
    "You have updated cases {most} times within an hour, so this update was not sent. What you "
    "typed is kept. Please submit it again in an hour, or call us.",
    HOUR,
)
UPDATES_OF_PRACTICE = Limit(
    "updates_an_hour_a_practice",
    "Your practice has updated cases {most} times within an hour, so this update was not sent. "
    "What you typed is kept. Please submit it again in an hour, or call us.",
    HOUR,
)
ARCHIVINGS = Limit(
    "archivings_an_hour_a_person",
    "You have archived or put back cases {most} times within an hour. Nothing was changed now. "
    "Please go on in an hour.",
    HOUR,
)
EXPORTS = Limit(
    "exports_an_hour_a_person",
    "You have downloaded the list {most} times within an hour. Please try again in an hour.",
    HOUR,
)
EMERGENCIES = Limit(
    "emergencies_an_hour_a_person",
    "You have opened {most} cases within an hour, so this one was not opened. What you typed "
    "stands below still. Please call a colleague who works on cases.",
    HOUR,
)
UPLOADS = Limit(
    "uploads_an_hour_a_person",
    "You have begun {most:,} uploads within an hour. Please go on in an hour, or put the files "
    "into one ZIP file.",
    HOUR,
)
UPLOADS_OF_PRACTICE = Limit(
    "uploads_an_hour_a_practice",
    "Your practice has begun {most:,} uploads within an hour. Please go on in an hour, or put the "
    "files into one ZIP file.",
    HOUR,
)
UNFINISHED = Limit(
    "unfinished_uploads_a_person",
    "{most} of your uploads are not finished yet. Please finish or remove some of them first.",
)
FILES_OF_FORM = Limit(
    "files_a_form",
    "A form takes {most} files. Please put the rest into one ZIP file and remove some of the "
    "single ones.",
)
FILES_OF_CASE = Limit(
    "files_a_case",
    "A case takes {most:,} files. Please put the rest into one ZIP file, or write to us.",
)
UNSENT = Limit(
    "unsent_files_a_person",
    "You have {most:,} files in forms that are not sent yet. Please submit or discard some first.",
)
UNSENT_OF_PRACTICE = Limit(
    "unsent_files_a_practice",
    "Your practice has {most:,} files in forms that are not sent yet. Please submit or discard "
    "some first.",
)
UNSENT_GIGABYTES = Limit(
    "unsent_gigabytes_a_person",
    "With this file you would have more than {most} GB in forms that are not sent yet. Please "
    "submit or remove some files first.",
)
UNSENT_GIGABYTES_OF_PRACTICE = Limit(
    "unsent_gigabytes_a_practice",
    "With this file your practice would have more than {most} GB in forms that are not sent yet. "
    "Please submit or remove some files first.",
)


def check_draft(user):
    take_turn(user)
    DRAFTS.check(Draft.objects.filter(user=user).typed())


def are_drafts_full(user):
    return Draft.objects.filter(user=user).typed().count() >= DRAFTS.most


def check_message(user, now):
    take_turn(user)
    MESSAGES.check(Message.objects.filter(author=user), now)
    if user.practice_id:
        theirs = Message.objects.filter(author__practice=user.practice_id)
        MESSAGES_OF_PRACTICE.check(theirs, now)


def check_case(user, now):
    take_turn(user)
    CASES.check(Case.objects.filter(created_by=user), now)
    CASES_OF_PRACTICE.check(Case.objects.filter(created_by__practice=user.practice_id), now)


def check_update(user, now):
    take_turn(user)
    events = CaseEvent.objects.filter(kind=CaseEvent.Kind.UPDATED)
    UPDATES.check(events.filter(actor=user), now)
    UPDATES_OF_PRACTICE.check(events.filter(actor__practice=user.practice_id), now)


def check_archiving(user, now):
    take_turn(user)
    kinds = [CaseEvent.Kind.ARCHIVED, CaseEvent.Kind.RESTORED]
    ARCHIVINGS.check(CaseEvent.objects.filter(actor=user, kind__in=kinds), now)


def check_export(user, now):
    take_turn(user)
    mine = Access.objects.filter(user=user, what=Access.What.CASES, item=LIST_AS_CSV)
    EXPORTS.check(mine, now, at="at")


def check_emergency(user, now):
    take_turn(user)
    EMERGENCIES.check(EmergencyGrant.objects.filter(user=user), now, at="at")


def check_upload(user, form_key, case, size, now):
    """`case` is the one that the file is about, or None for a new one."""
    take_turn(user)
    files, state = Attachment.objects, Attachment.State
    UNFINISHED.check(files.filter(uploaded_by=user, state=state.UPLOADING))
    FILES_OF_FORM.check(files.filter(form_key=form_key))
    if case:
        FILES_OF_CASE.check(files.filter(case=case))
    UPLOADS.check(files.filter(uploaded_by=user), now)
    UPLOADS_OF_PRACTICE.check(files.filter(uploaded_by__practice=user.practice_id), now)
    unsent = files.filter(case=None, practice=user.practice_id)
    _check_unsent(unsent.filter(uploaded_by=user), size, UNSENT, UNSENT_GIGABYTES)
    _check_unsent(unsent, size, UNSENT_OF_PRACTICE, UNSENT_GIGABYTES_OF_PRACTICE)


def _check_unsent(files, size, number, gigabytes):
    number.check(files)
    stored = files.order_by().aggregate(bytes=Sum("size"))["bytes"] or 0
    gigabytes.check_amount((stored + size) / GIGABYTE)
