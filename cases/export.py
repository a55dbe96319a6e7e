"""Cases as a CSV file, each with its row in the access log."""

from django.http import StreamingHttpResponse
from django.utils import timezone

from cases import access, limits, spreadsheet, teeth
from cases.access import Action, Visit, What
from cases.limits import LIST_AS_CSV
from portal import lab_calendar

COLUMNS = [
    "Case ID", "Practice", "Patient", "Teeth", "Tooth Numbering", "Progress", "Last Modified",
    "Time Zone", "Ship Date", "Archived",
]  # fmt: skip
BATCH = 500


def download(request, cases):
    """An answer that streams the cases, which must be visible to the user of the request.

    Raises LimitReached.
    """
    with access.changing(request, Visit(What.CASES, Action.DOWNLOADED, LIST_AS_CSV)):
        limits.check_export(request.user, timezone.now())
    today = lab_calendar.today(timezone.now())
    rows = _noted(request, cases.select_related("practice").iterator(chunk_size=BATCH))
    return StreamingHttpResponse(
        spreadsheet.lines(rows),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="cases-{today}.csv"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def _noted(request, cases):
    yield COLUMNS
    for case in cases:
        # First: without its row in the log nothing is given out.
        access.note(request, Visit(What.CASE, Action.DOWNLOADED, LIST_AS_CSV, case))
        yield _row(case)


def _row(case):
    practice = case.practice
    return [
        case.number,
        practice.name,
        case.patient_name,
        teeth.labels(case.teeth, practice.tooth_numbering),
        teeth.NUMBERINGS[practice.tooth_numbering],
        case.progress.label,
        _moment(case.modified_at, practice.zone),
        practice.time_zone,
        case.ship_date.isoformat() if case.ship_date else "",
        _moment(case.archived_at, practice.zone) if case.archived_at else "",
    ]


def _moment(moment, zone):
    # Spreadsheet programs take this for a date and a time, in every country.
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
