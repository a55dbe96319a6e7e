"""The long lists of a case, as much of each as a page shows."""

from cases import drafts, limits
from cases.models import Attachment, CaseEvent, Draft, RemovedFile
from portal.stretch import Stretch

MESSAGES = 50
EVENTS = 50
SCRIPTS = 20
# A CBCT is one row, so all of its files should be among them.
FILES = 600
FILES_OF_FORM = 100
OLDER = 50
UNSENT = 100
MISSING = 50
ASKED = 20


def files(request, case):
    rows = case.attachments.select_related("uploaded_by", "reading", "replaced_by__uploaded_by")
    return Stretch(request, "files", rows.order_by("-created_at", "name"), FILES)


def files_of_form(request, rows):
    """Of a form that is open: the newest, without links, since what is typed stands beside."""
    rows = rows.select_related("reading", "replaces").order_by("-created_at", "name")
    return Stretch(request, "of_form", rows, FILES_OF_FORM, newest_last=True)


def older_files(request, form_key):
    """Of the case that a form updates, the files that a newer one may replace."""
    case = Draft.objects.filter(pk=form_key).values("case")
    files = Attachment.objects.visible_to(request.user).filter(case__in=case, replaced_by=None)
    return files.exclude(state=Attachment.State.FAILED).order_by("-created_at", "name")[:OLDER]


def unsent_forms(request, but=None):
    """Forms that wait unsent, without the one of this key, for `cases/_unsent_list.html`."""
    return Stretch(request, "unsent", drafts.unsent(request.user, but), limits.DRAFTS.most)


def removed_of_form(request, form_key):
    """The names of files that went because a form was not sent."""
    return RemovedFile.objects.visible_to(request.user).filter(form_key=form_key)[:FILES_OF_FORM]


def scripts(request, case):
    # The snapshot is what is printed, and no page shows it.
    return Stretch(request, "rx", case.prescriptions.defer("snapshot"), SCRIPTS)


def thread(request, case):
    rows = case.messages.select_related("author").reverse()
    return Stretch(request, "messages", rows, MESSAGES, newest_last=True)


def events(request, case):
    return Stretch(request, "events", case.events.select_related("actor").reverse(), EVENTS)


def sent_anyway(case):
    """What the practice was asked about and sent all the same, the newest first."""
    kinds = [CaseEvent.Kind.ASKED, CaseEvent.Kind.DATES_ASKED]
    return case.events.filter(kind__in=kinds).select_related("actor").reverse()[:ASKED]


def missing(case):
    return case.missing_items.filter(answered_at=None)[:MISSING]
