"""Each file that arrives is looked at by the virus scanner, a real one, or is said not to be."""

import io
import os
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from cases.files import receiving
from cases.models import Attachment, CaseEvent
from cases.periodic import tidy_staging
from cases.tasks import SCAN_PATIENCE, store_attachment
from portal.files import virus_scanner
from portal.health import virus_probes
from portal.tests import hanging

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("clamd")]

# In parts, so that no scanner finds it in this file.
EICAR = b"".join(
    [rb"X5O!P%@AP[4\PZX54(P^)", b"7CC)7}$EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE", b"!$H+H*"]
)
FOUND = "Eicar-Test-Signature.UNOFFICIAL"
REFUSAL = f"Refused: the virus scanner found {FOUND} in this file."


def zipped(body):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("scan.stl", body)
    return archive.getvalue()


@pytest.fixture
def scanner(clamd, settings):
    settings.CLAMD_SOCKET = str(clamd.socket)
    return clamd


@pytest.fixture
def arrive(practice, dentist_user):
    """A function that lets a file of the practice arrive; by default it has no case yet."""

    def arrive(body, name="upper.stl", **fields):
        file = Attachment.objects.create(
            practice=practice,
            uploaded_by=dentist_user,
            name=name,
            size=len(body),
            state=Attachment.State.RECEIVED,
            received_at=timezone.now(),
            **fields,
        )
        file.staging_path.parent.mkdir(parents=True, exist_ok=True)
        file.staging_path.write_bytes(body)
        return file

    return arrive


def after(file):
    """The row after the worker looked at it, with any pause between two tries gone by."""
    store_attachment(file.pk)
    Attachment.objects.update(work_leased_until=None)
    file.refresh_from_db()
    return file


BODIES = {
    "clean": (b"solid upper", "clean"),
    "empty": (b"", "clean"),
    "encrypted": (virus_probes.encrypted(), "encrypted"),
    "longer than the scanner takes": (os.urandom(3 * 1024**2), "too_large"),
    "more in it than the scanner unpacks": (virus_probes.nested(), "too_large"),
}


@pytest.mark.parametrize("address", ["socket", "tcp"])
@pytest.mark.parametrize(("body", "verdict"), BODIES.values(), ids=BODIES)
def test_what_the_scanner_says_is_kept_and_the_file_is_stored(
    body, verdict, address, scanner, settings, case, arrive, stored
):
    if address == "tcp":
        settings.CLAMD_SOCKET = scanner.environment["CLAMD_SOCKET"]
    file = after(arrive(body, case=case))
    assert (file.verdict, file.state, file.virus) == (verdict, "stored", "")
    assert stored(file.key).read_bytes() == body


def test_without_a_scanner_a_file_is_stored_as_not_scanned(case, arrive):
    file = after(arrive(EICAR, case=case))
    assert (file.verdict, file.state) == ("no_scanner", "stored")


@pytest.mark.parametrize("body", [EICAR, zipped(EICAR)], ids=["as it is", "in a ZIP file"])
def test_an_infected_file_is_refused_and_kept_nowhere(body, scanner, case, arrive, stored):
    file = after(arrive(body, case=case))
    assert (file.verdict, file.state, file.virus) == ("infected", "failed", FOUND)
    assert not stored(file.key).exists()
    assert list(file.staging_path.parent.iterdir()) == []
    event = case.events.get(kind=CaseEvent.Kind.REFUSED)
    assert event.note == f"upper.stl. {file.work_failure}"
    assert file.work_failure.startswith(REFUSAL)


def test_nobody_gets_an_infected_file_and_nobody_can_try_it_again(
    scanner, case, arrive, dentist_client, lab_user
):
    file = after(arrive(EICAR, case=case))
    address = f"/cases/{case.number}/files/{file.pk}/"
    assert dentist_client.get(address).status_code == 409
    dentist_client.force_login(lab_user)
    assert dentist_client.get(address).status_code == 409
    assert not receiving.store_again(file)
    assert after(file).state == "failed"


def test_dentist_and_lab_read_what_was_found_and_what_to_do(
    scanner, case, arrive, dentist_client, lab_user
):
    after(arrive(EICAR, case=case))
    page = dentist_client.get(case.get_absolute_url()).content.decode()
    assert page.count(REFUSAL) == 2  # beside the file, and in the timeline
    assert "then upload a clean copy.</span>" in page
    dentist_client.force_login(lab_user)
    page = dentist_client.get(f"/admin/cases/case/{case.pk}/change/").content.decode()
    assert page.count(REFUSAL) == 2
    assert "Try again" not in page


@pytest.mark.parametrize(
    ("verdict", "words"), [(v.value, v.label) for v in virus_scanner.Verdict if v != "infected"]
)
def test_dentist_and_lab_see_whether_a_stored_file_was_scanned(
    verdict, words, case, arrive, dentist_client, lab_user
):
    arrive(b"solid", case=case, verdict=verdict)
    Attachment.objects.update(state="stored", work_state="done")
    assert words in dentist_client.get(case.get_absolute_url()).content.decode()
    dentist_client.force_login(lab_user)
    page = dentist_client.get(f"/admin/cases/case/{case.pk}/change/").content.decode()
    assert words in page
    # A list has no room for the reason.
    page = dentist_client.get("/admin/cases/attachment/").content.decode()
    assert f'<td class="field-virus_scan">{words.partition(" for viruses")[0]}</td>' in page


def test_a_file_refused_before_submit_is_shown_below_the_form_and_then_on_the_case(
    scanner, send_case, arrive, dentist_client
):
    dentist_client.get("/cases/new/")
    key = "5f5f5f5f-0000-4000-8000-000000000001"
    file = after(arrive(EICAR, form_key=key))
    page = dentist_client.get(f"/files/?form={key}&answers=").content.decode()
    assert f"Failed: {REFUSAL}" in page
    assert list(Attachment.objects.of_form(key)) == [file]
    assert not Attachment.objects.unsent(key).exists()

    case = send_case(form_key=key)
    assert list(case.attachments.all()) == [file]
    assert case.events.filter(kind=CaseEvent.Kind.REFUSED).count() == 1
    assert case.prescriptions.get().snapshot["enclosures"] == []


def test_a_worker_that_dies_before_it_deletes_an_infected_file_leaves_it_to_the_next(
    scanner, case, arrive
):
    file = arrive(EICAR, case=case)
    Attachment.objects.update(verdict="infected", virus=FOUND)
    assert after(file).state == "failed"
    assert not file.staging_path.exists()
    file.staging_path.write_bytes(EICAR)
    tidy_staging()
    assert not file.staging_path.exists()


def test_a_scanner_that_restarts_is_waited_for(scanner, settings, case, arrive):
    file = arrive(b"solid", case=case)
    settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{hanging.nobody()}"
    assert after(file).state == "received"
    assert file.get_work_waits_for_display() == "the virus scanner"
    assert (file.work_failures, file.verdict) == (0, "")
    assert "Waiting for the virus scanner" in file.waiting_note(timezone.now())
    settings.CLAMD_SOCKET = str(scanner.socket)
    file = after(file)
    assert (file.state, file.verdict, file.work_waits_for) == ("stored", "clean", "")


def test_a_scanner_that_stays_away_holds_up_no_file_for_ever(settings, case, arrive, stored):
    file = arrive(EICAR, case=case)
    settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{hanging.nobody()}"
    assert after(file).state == "received"
    asked_at = timezone.now() - SCAN_PATIENCE - timedelta(seconds=1)
    Attachment.objects.update(scan_asked_at=asked_at)
    file = after(file)
    assert (file.state, file.verdict) == ("stored", "away")
    assert stored(file.key).read_bytes() == EICAR


def test_a_scanner_that_dies_in_the_middle_of_a_file_is_waited_for(settings, case, arrive):
    with hanging.dripping(b"stream: ", pause=0.1) as port:
        settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{port}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(virus_scanner, "ANSWER_SECONDS", 1)
            patch.setattr(virus_scanner, "SEND_SECONDS", 1)
            file = after(arrive(os.urandom(5 * 1024**2), case=case))
    assert (file.state, file.work_waits_for) == ("received", "scanner")


def test_a_file_is_scanned_once_however_long_the_storage_is_away(
    scanner, settings, case, arrive, storage_away
):
    file = arrive(b"solid", case=case)
    with storage_away():
        assert after(file).verdict == "clean"
        settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{hanging.nobody()}"
        assert after(file).work_waits_for == "storage"
    assert after(file).state == "stored"


def test_trying_a_failed_file_again_scans_it_again(scanner, case, arrive):
    file = arrive(EICAR, case=case, verdict="away")
    failed = {"state": "failed", "work_state": "failed"}
    Attachment.objects.update(scan_asked_at=timezone.now(), **failed)
    assert receiving.store_again(file)
    assert after(file).verdict == "infected"


def test_nothing_over_2_gib_is_sent_to_the_scanner(settings, tmp_path):
    settings.CLAMD_SOCKET = f"tcp://127.0.0.1:{hanging.nobody()}"
    path = tmp_path / "cbct"
    path.touch()
    os.truncate(path, 2 * 1024**3)
    assert virus_scanner.scan(path) == ("too_large", "")


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("stream: OK", "clean"),
        ("stream: Win.Test.EICAR_HDB-1 FOUND", "infected"),
        ("stream: Heuristics.Encrypted.PDF FOUND", "encrypted"),
        ("stream: Heuristics.Limits.Exceeded.MaxScanTime FOUND", "too_large"),
        ("INSTREAM size limit exceeded. ERROR", "too_large"),
        ("INSTREAM: Can't write to temporary file. ERROR", "error"),
        ("stream: OK is not what it says", "error"),
        ("", "error"),
    ],
)
def test_what_clamd_answers_is_understood(answer, verdict):
    assert virus_scanner.understood(answer)[0] == verdict
