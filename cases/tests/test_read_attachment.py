"""What is in a file that came, found out beside its being stored, and never in its way."""

import hashlib
import os

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils import timezone

from cases import findings
from cases.intake import limited
from cases.models import Attachment, FileReading
from cases.models.readings import LONGEST_READING
from cases.tasks import read_attachment, store_attachment
from cases.templatetags.cases import on_their_way
from cases.tests.lab_files import arrive
from portal.files.storage import StorageUnavailable
from portal.work import WorkState
from tests.intake import dicom_files
from tests.intake.packed import zipped
from tests.intake.scan_files import binary_stl, triangles

pytestmark = pytest.mark.django_db

SERIES = {f"CT/{n:03}": dicom_files.written(one) for n, one in enumerate(dicom_files.slices(12))}
CBCT = zipped(SERIES)


def came(case, body, name, **fields):
    file = arrive(case, body, name=name, **fields)
    return FileReading.objects.create(attachment=file)


def after(reading):
    """The row after a worker looked at it, with any pause between two tries gone by."""
    read_attachment(reading.pk)
    FileReading.objects.update(work_leased_until=None)
    reading.refresh_from_db()
    return reading


def test_a_cbct_is_read_from_the_staging_folder(case):
    reading = after(came(case, CBCT, "jaw.zip"))
    assert reading.work_state == WorkState.DONE
    assert reading.kind == "cbct"
    assert reading.findings["volume_slices"] == 12
    assert reading.findings["patient"] == "Roe^Jane"
    assert reading.sentences[0].startswith("CBCT")
    reading.attachment.refresh_from_db()
    assert reading.attachment.kind == "cbct"
    assert reading.attachment.staging_path.exists()


def test_a_file_that_went_to_the_storage_meanwhile_is_read_from_there(case, stored):
    reading = came(case, CBCT, "jaw.zip")
    store_attachment(reading.attachment_id)
    assert not reading.attachment.staging_path.exists()
    assert after(reading).kind == "cbct"


def test_a_page_asks_on_until_a_file_is_read_although_it_is_stored_already(case, stored):
    reading = came(case, CBCT, "jaw.zip", form_key=case.form_key)
    store_attachment(reading.attachment_id)
    now = timezone.now()
    reading.attachment.refresh_from_db()
    assert findings.are_being_read(case.form_key, now)
    assert on_their_way([reading.attachment])
    assert not findings.are_being_read(case.form_key, now + LONGEST_READING)
    assert not on_their_way([after(reading).attachment])
    assert not findings.are_being_read(case.form_key, now)


def test_the_reader_decides_what_the_first_bytes_only_guessed(case):
    scans = zipped({"1-upperjaw.stl": binary_stl(triangles())})
    for body, name, guessed, shown in (
        (scans, "export.zip", "cbct_archive", "surface_scan"),
        (zipped({"notes.txt": b"nothing"}), "notes.zip", "cbct_archive", "archive"),
        (dicom_files.written(dicom_files.image(dicom_files.DX, "PX")), "pan.dcm", "cbct", "xray"),
    ):
        reading = came(case, body, name, kind=guessed)
        file = after(reading).attachment
        file.refresh_from_db()
        assert file.kind == shown, name


def test_a_file_that_kills_its_reader_is_tried_twice_and_keeps_nothing_up(
    case, stored, monkeypatch
):
    tried = []
    monkeypatch.setattr(limited, "MAX_SECONDS", 0)
    read = limited.read_open
    monkeypatch.setattr(limited, "read_open", lambda *file: tried.append(file) or read(*file))
    reading = came(case, CBCT, "jaw.zip")
    assert after(reading).work_state == WorkState.WAITING
    assert after(reading).work_state == WorkState.DONE
    assert reading.kind == "other"
    assert "could not be read" in reading.sentences[0]
    after(reading)
    assert len(tried) == 2
    store_attachment(reading.attachment_id)
    assert stored(reading.attachment.key).read_bytes() == CBCT


def test_one_whose_worker_dies_each_time_is_given_up_with_the_same_words(case):
    reading = came(case, CBCT, "jaw.zip")
    for _ in range(2):
        assert FileReading.objects.claim(reading.pk)
        FileReading.objects.update(work_leased_until=None)
    assert FileReading.objects.claim(reading.pk) is None
    reading.refresh_from_db()
    assert reading.work_state == WorkState.DONE
    assert reading.findings["not_read"]


def test_while_the_storage_is_away_the_reading_waits_for_it(case, stored, monkeypatch):
    reading = came(case, CBCT, "jaw.zip")
    store_attachment(reading.attachment_id)

    def away(key):
        raise StorageUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(default_storage, "blocks", away)
        assert after(reading).work_waits_for == "storage"
    assert after(reading).kind == "cbct"


def test_the_bytes_on_another_host_are_not_read_here(case, settings):
    reading = came(case, CBCT, "jaw.zip", host="other")
    assert after(reading).work_state == WorkState.WAITING
    assert reading.work_queue == "staging.other"
    Attachment.objects.update(state="stored", work_state="done")
    reading.attachment.refresh_from_db()
    assert reading.work_queue == settings.CELERY_TASK_DEFAULT_QUEUE


def test_a_file_that_was_taken_out_of_its_form_is_not_read(case):
    reading = came(case, CBCT, "jaw.zip")
    Attachment.objects.update(case=None, form_key=None)
    assert after(reading).work_state == WorkState.WAITING
    assert not FileReading.objects.unfinished().exists()


def test_no_patient_is_in_what_a_worker_writes_to_its_log(case, caplog):
    after(came(case, CBCT, "jaw.zip"))
    after(came(case, os.urandom(500), "noise.dcm"))
    assert "Roe" not in caplog.text


def test_the_digest_of_a_file_is_that_of_its_bytes_whoever_read_them(case, stored):
    reading = after(came(case, CBCT, "jaw.zip"))
    store_attachment(reading.attachment_id)
    reading.attachment.refresh_from_db()
    assert reading.attachment.sha256 == hashlib.sha256(CBCT).hexdigest()


def test_a_case_of_another_patient_is_red_for_the_lab_and_its_reason_is_chosen(
    client, lab_user, case
):
    client.force_login(lab_user)
    case.patient_name = "John Smith"
    case.save()
    after(came(case, CBCT, "jaw.zip"))
    page = client.get(reverse("admin:cases_case_change", args=[case.pk])).content.decode()
    assert "“jaw.zip” is of Jane Roe, and the case of John Smith." in page
    step = client.get(reverse("admin:cases_case_progress", args=[case.pk, "missing"]))
    assert "wrong_patient" in step.context["form"].initial["reasons"]
