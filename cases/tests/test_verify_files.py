"""What does not fit is reported, both ways, and nothing is changed by looking."""

import json
import os
import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from cases.models import Attachment, Prescription
from cases.tests import lab_files
from portal.work import WorkState

on_disk = pytest.mark.embedded(only=True)


@pytest.fixture
def file(case):
    return lab_files.store(case)


@pytest.fixture
def script(case):
    body = b"%PDF-1.7 of one page"
    default_storage.write("prescriptions/1-ab", body)
    return Prescription.objects.create(
        case=case,
        revision=1,
        snapshot={},
        file="prescriptions/1-ab",
        sha256=default_storage.stored_digest("prescriptions/1-ab"),
        work_state=WorkState.DONE,
    )


def verify(capsys, *arguments):
    """The exit status of the command and the lines it printed."""
    capsys.readouterr()
    try:
        call_command("verify_files", *arguments)
        status = 0
    except SystemExit as end:
        status = end.code
    return status, capsys.readouterr().out.splitlines()


def assert_found(capsys, problem, *arguments):
    status, lines = verify(capsys, *arguments)
    assert lines[:-1] == [problem]
    assert status == 1
    assert lines[-1].endswith(": 1 problem.")


def test_what_fits_is_counted_and_the_status_is_0(file, script, case, capsys):
    lab_files.arrive(case)
    assert verify(capsys) == (
        0,
        [
            "Looked at 2 objects, 1 files, 1 RX scripts, 1 files on their way, "
            "1 staging files: all fit."
        ],
    )


def test_an_empty_portal_fits(db, capsys):
    assert verify(capsys) == (0, ["Looked at 0 objects: all fit."])


def test_a_stored_file_without_its_object_is_reported(file, capsys):
    default_storage.delete(file.key)
    assert_found(
        capsys, f"File {file.pk} of case {file.case.number} is stored, but its object is gone."
    )


def test_an_object_of_another_size_is_reported(file, capsys):
    default_storage.write(file.key, lab_files.BODY[:-1])
    problem = f"File {file.pk} of case {file.case.number} is stored, but its object has another"
    assert_found(capsys, f"{problem} size.", "--quick")


def test_other_bytes_of_the_same_size_are_seen_by_reading_them_only(file, capsys):
    default_storage.write(file.key, os.urandom(len(lab_files.BODY)))
    assert verify(capsys, "--quick")[0] == 0
    problem = f"File {file.pk} of case {file.case.number} is stored, but its object has other bytes"
    assert_found(capsys, f"{problem}.")


def test_an_object_without_a_row_is_reported_by_its_key(db, capsys):
    default_storage.write("attachments/ab-0123", b"whose?")
    assert_found(capsys, "Object attachments/ab-0123 belongs to no row.")
    assert default_storage.stored_size("attachments/ab-0123") == 6


def test_a_file_that_is_on_its_way_into_the_storage_is_nothing_to_report(case, capsys):
    file = lab_files.arrive(case)
    default_storage.write(file.key, b"half")
    default_storage.write(f"{file.key}.part", b"half")
    assert verify(capsys)[0] == 0


def test_an_rx_script_is_compared_too(script, capsys):
    default_storage.write(script.file.name, b"another PDF")
    assert_found(
        capsys,
        f"RX script {script.pk} of case {script.case.number} is stored, but its object has "
        "other bytes.",
    )
    Prescription.objects.update(file="")
    lines = verify(capsys)[1]
    assert f"RX script {script.pk} of case {script.case.number} is done, but names no object." in (
        lines
    )
    assert "Object prescriptions/1-ab belongs to no row." in lines


def test_bytes_that_arrived_and_are_nowhere_are_reported(case, capsys):
    file = lab_files.arrive(case)
    file.staging_path.unlink()
    assert_found(
        capsys,
        f"File {file.pk} of case {case.number} has arrived, but its bytes are not in the staging "
        "folder.",
    )


def test_files_on_another_host_are_that_hosts_to_look_at(case, capsys):
    lab_files.arrive(case, host="elsewhere").staging_path.unlink()
    assert verify(capsys)[0] == 0


def test_staging_files_that_no_row_needs_are_reported(file, settings, capsys):
    stray = uuid.uuid4()
    for name in (stray.hex, f"{stray.hex}.sums", "README"):
        (settings.STAGING_DIR / name).write_bytes(b"x")
    assert_found(capsys, f"Staging file {stray} belongs to no row.")
    (settings.STAGING_DIR / stray.hex).unlink()
    (settings.STAGING_DIR / f"{stray.hex}.sums").unlink()
    file.staging_path.write_bytes(b"x")
    assert_found(
        capsys,
        f"File {file.pk} of case {file.case.number} is stored, but its staging copy is still "
        "there.",
    )


def test_a_file_that_is_being_removed_is_nothing_to_report(file, capsys):
    default_storage.delete(file.key)
    Attachment.objects.update(case=None, form_key=None)
    assert verify(capsys)[0] == 0


def test_neither_patient_nor_file_is_named(file, script, capsys):
    default_storage.delete(file.key)
    default_storage.delete(script.file.name)
    for arguments in ([], ["--json"]):
        text = "\n".join(verify(capsys, *arguments)[1])
        assert "Jane" not in text
        assert "upper" not in text


def test_json_has_an_object_a_line_and_sums_up_at_the_end(file, capsys):
    default_storage.delete(file.key)
    status, lines = verify(capsys, "--json")
    finding, sum_up = map(json.loads, lines)
    assert status == 1
    assert finding == {
        "what": "File",
        "id": str(file.pk),
        "case": file.case.number,
        "problem": "is stored, but its object is gone",
    }
    assert sum_up["problems"] == 1
    assert sum_up["checked"] == {"objects": 0, "files": 1}


@on_disk
def test_a_storage_that_fails_is_a_sentence(file, tmp_path, capsys):
    (tmp_path / "storage").rename(tmp_path / "away")
    (tmp_path / "storage").write_text("no folder")
    with pytest.raises(CommandError, match=r"stopped answering .* Nothing was changed"):
        call_command("verify_files")
