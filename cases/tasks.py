import secrets

from celery import shared_task
from django.core.files.base import ContentFile

from cases.documents import prescription_pdf
from cases.models import Prescription


@shared_task
def render_prescription(pk):
    """Render one revision of an RX script and keep its PDF."""
    prescription = Prescription.objects.claim(pk)
    if prescription is None:
        return
    pdf = ContentFile(prescription_pdf(prescription.snapshot))
    name = f"prescriptions/{prescription.pk}-{secrets.token_hex(16)}.pdf"
    try:
        saved = prescription.file.storage.save(name, pdf)
    except OSError as problem:
        prescription.try_later(f"{type(problem).__name__}: the storage did not take the PDF.")
        return
    if not prescription.finish(file=saved):
        prescription.file.storage.delete(saved)
