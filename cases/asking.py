"""Fetch what `cases.contradictions` thinks about: of a form, of an update, of a case as it is."""

from datetime import timedelta

from cases import contradictions, findings, services, shipping
from cases.models import Attachment, Case
from cases.progress import OVER, Progress
from portal import lab_calendar
from portal.writing.text import folded

LOOKS_BACK = timedelta(days=60)
_NAMED = 3  # cases of the same work; the newest
_COMPARED = 200


def of_new_case(form_key, values, *, by, now, chosen=()):
    """What contradicts itself in a form that is about to be sent; nothing in one that was.

    `chosen`: each readiness.File that the browser has read.
    """
    if Case.objects.filter(form_key=form_key).exists():
        return []
    case = Case(practice=by.practice, **values)
    case.ship_date = services.expected_ship_date(now)
    return _found(case, case.teeth, form_key, now, chosen)


def of_update(case, after, form_key, *, now):
    """The same of an update: `after` is the case as it will be. Of teeth, those that it adds."""
    added = [code for code in after.teeth if code not in case.teeth]
    return _found(after, added, form_key, now)


def _found(case, new_teeth, form_key, now, chosen=()):
    files = Attachment.objects.unsent(form_key).filter(practice=case.practice)
    read = findings.files_of_form(form_key, case.practice, chosen)
    numbering = case.practice.tooth_numbering
    found = [
        of_dates(case),
        contradictions.of_teeth(case.description, case.teeth, numbering),
        *_same_work(case, new_teeth, now),
        *contradictions.of_files(files.values_list("name", "kind")),
        *contradictions.of_patients(case.patient_name, read),
    ]
    return [one for one in found if one]


def of_dates(case):
    """The contradiction between surgery and ship date as they are, or None."""
    return _of_ship_date(case, case.ship_date)


def of_moved_ship_date(case, ship_date):
    """The same of a ship date that the case would get; None when it is the one it has."""
    return None if ship_date == case.ship_date else _of_ship_date(case, ship_date)


def _of_ship_date(case, ship_date):
    if ship_date is None or case.progress in OVER:
        return None
    there = shipping.arrival(ship_date, lab_calendar.RestDays())
    return contradictions.of_dates(ship_date, case.surgery_date, there)


def of_two_sessions(case):
    """A sentence when the dentist of the case has another session at the time of its own, or ""."""
    own = case.planning_sessions.booked().select_related("block").first()
    if own is None:
        return ""
    others = type(own).objects.booked().at_the_time_of(own.block).exclude(pk=own.pk)
    other = others.filter(case__dentist=case.dentist_id).select_related("case").first()
    if other is None:
        return ""
    return (
        f"{case.dentist} has two planning sessions at the same time now: of this case and of case "
        f"{other.case.number}. Please move one of them."
    )


def _same_work(case, new_teeth, now):
    name = folded(case.patient_name)
    rows = Case.objects.filter(practice=case.practice, created_at__gt=now - LOOKS_BACK)
    rows = rows.exclude(progress=Progress.CANCELLED).exclude(pk=case.pk)
    for word in name.split():
        rows = rows.filter(patient_key__contains=word)
    others = rows.order_by("-created_at").only("number", "patient_key", "teeth", "created_at")
    same = [other for other in others[:_COMPARED] if _is_same(other, name, new_teeth)]
    return [
        contradictions.of_same_work(other.number, now - other.created_at) for other in same[:_NAMED]
    ]


def _is_same(other, name, new_teeth):
    is_same_patient = contradictions.is_same_patient(name, other.patient_key)
    return is_same_patient and not {*other.teeth}.isdisjoint(new_teeth)
