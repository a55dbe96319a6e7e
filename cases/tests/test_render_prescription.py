from cases.tasks import render_prescription
from portal.work import WorkState


def test_a_script_waits_for_a_bucket_that_is_away(send_case, storage_away):
    prescription = send_case().prescriptions.get()
    with storage_away():
        render_prescription(prescription.pk)
    prescription.refresh_from_db()
    assert prescription.work_state == WorkState.WAITING
    assert prescription.get_work_waits_for_display() == "the file storage"
    assert not prescription.is_ready
