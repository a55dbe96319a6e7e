"""Fetch what `cases.readiness` thinks about: of a form, of an update, of a case as it is."""

from django.conf import settings

from cases import filetypes, readiness
from cases.intake.reading import Kind
from cases.models import Attachment, FileReading
from portal import lab_calendar

# What a file is by its first bytes, where nobody has read the others.
_GUESSED = {
    filetypes.CBCT: Kind.CBCT,
    filetypes.CBCT_ARCHIVE: Kind.CBCT,
    filetypes.SURFACE_SCAN: Kind.SCAN,
}
_MOST = 600  # files; a CBCT of loose slices among them


def of_form(form_key, practice, *, chosen=(), now, **said):
    """The list for the form of a new case. `said`: teeth, support and patient, as typed.

    `chosen`: each readiness.File that the browser has read, sent or not.
    """
    return _needs(files_of_form(form_key, practice, chosen), now, **said)


def of_update(case, form_key, *, chosen=(), now, **said):
    """The same for the update of a case, whose files count too."""
    files = files_of_form(form_key, case.practice, chosen, case)
    return _needs([*_of_case(case), *files], now, patient=case.patient_name, **said)


def of_case(case, *, now):
    """The list for a case as it was sent."""
    said = {"teeth": case.teeth, "support": case.support, "patient": case.patient_name}
    return _needs(_of_case(case), now, **said)


def _needs(files, now, **said):
    rules = readiness.Rules(
        voxel_recommended=settings.LAB_VOXEL_RECOMMENDED_MM,
        voxel_limit=settings.LAB_VOXEL_LIMIT_MM,
        least_slices=settings.LAB_LEAST_SLICES,
        study_months=settings.LAB_SCAN_MONTHS,
    )
    return readiness.needs(files, today=lab_calendar.today(now), rules=rules, **said)


def _of_case(case):
    files = case.attachments.exclude(state=Attachment.State.FAILED)
    files = files.exclude(replaced_by__case__isnull=False)
    return _files(files, case.practice, case)


def files_of_form(form_key, practice, chosen=(), case=None):
    """Each unsent file of a form as a readiness.File.

    Until the server has read one, what the browser found in it counts.
    """
    rows = Attachment.objects.unsent(form_key).filter(practice=practice)
    files, chosen = _files(rows, practice, case), list(chosen)
    known = {(file.name, file.size) for file in files if file.kind}
    in_browser = {(file.name, file.size) for file in chosen}
    ours = [file for file in files if file.kind or (file.name, file.size) not in in_browser]
    return [*ours, *(file for file in chosen if (file.name, file.size) not in known)]


def are_being_read(form_key, now):
    """Whether a reader is at files of a form whose last byte is here, stored by now or not."""
    return FileReading.objects.expected(now).filter(attachment__form_key=form_key).exists()


def _files(rows, practice, case=None):
    rows = list(rows.select_related("reading").order_by("created_at", "name")[:_MOST])
    elsewhere = _in_other_cases(rows, practice, case)
    return [_file(row, elsewhere.get(row.sha256, "")) for row in rows]


def _file(row, also_in):
    reading = getattr(row, "reading", None)
    if reading is None:
        # On its way, or it came before files were read.
        kind, found = _GUESSED.get(row.kind, Kind.OTHER) if row.received_at else "", {}
    else:
        kind, found = reading.kind, reading.findings
    return readiness.File(row.name, row.size, kind, found, row.arch, also_in)


def _in_other_cases(rows, practice, case):
    """SHA-256 → number of another case of the practice that has the same bytes."""
    digests = [row.sha256 for row in rows if row.sha256]
    if not digests:
        return {}
    others = Attachment.objects.filter(practice=practice, sha256__in=digests, case__isnull=False)
    if case is not None:
        others = others.exclude(case=case)
    return dict(others.order_by("created_at").values_list("sha256", "case__number"))
