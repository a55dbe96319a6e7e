"""Revisions of the RX script: every submit makes one, and the old ones stay."""

from django.conf import settings
from django.db.models import Max

from cases.models import Attachment, Prescription


def new_revision(case, signed_name, *, by, now):
    """Write the next revision with a snapshot of all that is printed; a worker renders it.

    Call inside the transaction that changed the case. The two names are the typed signature and
    the account it was typed under (Florida FAC 64B5-17.006 accepts an electronic signature).
    """
    revision = newest_number(case) + 1
    return _add(case, snapshot(case, revision, signed_name, by=by, now=now), now)


def _add(case, printed, now, corrected_by=None):
    prescription = Prescription.objects.create(
        case=case,
        revision=printed["revision"],
        snapshot=printed,
        created_at=now,
        work_asked_at=now,
        corrected_by=corrected_by,
    )
    prescription.hand_over_on_commit()
    return prescription


def newest(case):
    """The newest revision of the RX script, whatever became of its PDF."""
    return case.prescriptions.order_by("-revision").first()


def newest_number(case):
    return case.prescriptions.aggregate(newest=Max("revision"))["newest"] or 0


def with_ship_date(prescription, ship_date):
    """The snapshot of a revision with the ship date that the case had at another time.

    A session or the lab may have moved it since, and nobody who signs or corrects did.
    """
    return {**prescription.snapshot, "ship_date": ship_date and ship_date.isoformat()}


def corrected_revision(case, reason, *, by, now):
    """Write the next revision, of a case that the lab has corrected, with the reason on it.

    The signature is that of the revision before, which says so. Called as `new_revision`.
    """
    before = newest(case)
    signed = before.snapshot["signature"]
    printed = {
        **snapshot(case, before.revision + 1, signed["name"], by=by, now=now),
        "signature": signed,
        "correction": {"by": by.name, "at": now.isoformat(), "reason": reason},
    }
    return _add(case, printed, now, corrected_by=by)


def snapshot(case, revision, signed_name, *, by, now):
    """All that the RX script prints, as plain JSON values; times are ISO 8601 in UTC."""
    practice, dentist = case.practice, case.dentist
    return {
        "case_number": case.number,
        "revision": revision,
        "issued_at": now.isoformat(),
        "zone": practice.time_zone,
        "lab": _lab(),
        "practice": {
            "name": practice.name,
            "address": practice.shipping_address,
            "phone": practice.phone,
            "email": practice.email,
        },
        "dentist": {
            "name": dentist.name,
            "license_number": dentist.license_number,
            "license_state": dentist.license_state,
        },
        "patient_name": case.patient_name,
        "numbering": practice.tooth_numbering,
        "teeth": case.teeth,
        "implants": case.implants,
        "description": case.description,
        "options": [list(option) for option in case.options],
        "materials": case.materials,
        "ship_date": case.ship_date and case.ship_date.isoformat(),
        "surgery_date": case.surgery_date and case.surgery_date.isoformat(),
        "shipping_address": case.shipping_address,
        "signature": {"name": signed_name, "account": by.email, "signed_at": now.isoformat()},
        "enclosures": _enclosures(case),
        "record_url": case.record_url,
    }


def _lab():
    return {
        "name": settings.LAB_NAME,
        "address": settings.LAB_ADDRESS,
        "phone": settings.LAB_PHONE,
        "email": settings.LAB_EMAIL,
        "registration": settings.LAB_REGISTRATION,
        "country": settings.LAB_COUNTRY,
    }


def _enclosures(case):
    files = case.attachments.exclude(state=Attachment.State.FAILED).select_related("uploaded_by")
    return [
        {
            "name": f"{file.folder}/{file.name}" if file.folder else file.name,
            "files": file.file_count,
            "sent": file.created_at.isoformat(),
            "by": str(file.uploaded_by),
            "revision": file.revision,
            "size": file.size,
            "kind": file.get_kind_display() if file.kind else "",
            # Printed for years, so what is true for long: not that it waits to be stored.
            "state": "Uploading" if file.state == Attachment.State.UPLOADING else "Received",
        }
        for file in files
    ]
