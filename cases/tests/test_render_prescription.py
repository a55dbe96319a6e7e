from cases.tasks import render_prescription
from portal.work import WorkState


def test_a_script_waits_for_a_bucket_that_is_away(send_case, settings, monkeypatch):
    prescription = send_case().prescriptions.get()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    options = {"bucket_name": "cases", "endpoint_url": "http://127.0.0.1:9", "region_name": "x"}
    options |= {"access_key": "k", "secret_key": "s"}
    bucket = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": bucket}

    render_prescription(prescription.pk)

    prescription.refresh_from_db()
    assert prescription.work_state == WorkState.WAITING
    assert prescription.get_work_waits_for_display() == "the file storage"
    assert not prescription.is_ready
