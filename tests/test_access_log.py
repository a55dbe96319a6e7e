"""Each download leaves one row that says who asked for what, and that names nobody's patient."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Access
from cases.progress import Progress
from scheduling import services
from scheduling.tests import make

PATIENT = "Zsófia Patiently"


@pytest.fixture
def case(make_case):
    return make_case(patient_name=PATIENT, progress=Progress.READY)


@pytest.fixture
def file(case, dentist_user):
    file = case.attachments.create(
        name="patiently.stl", size=5, practice=case.practice, uploaded_by=dentist_user
    )
    file.state = "stored"
    file.save()
    default_storage.save(file.key, BytesIO(b"solid"))
    return file


@pytest.fixture
def script(case):
    default_storage.save("p/1", BytesIO(b"%PDF"))
    return case.prescriptions.create(revision=1, snapshot={}, file="p/1", work_state="done")


@pytest.fixture
def session(case, dentist_user):
    now = timezone.now()
    block = make.block(make.planner(), now + timezone.timedelta(days=3))
    return services.book(block, case, dentist_user, now)


@pytest.fixture
def addresses(file, script, session, case):
    """For each thing that can be downloaded its address, and how the log names it."""
    here = f"/cases/{case.number}"
    return {
        f"{here}/files/{file.pk}/": ("file", str(file.pk)),
        f"{here}/rx/": ("rx", "1"),
        f"{here}/rx/1/": ("rx", "1"),
        f"{here}/planning.ics": ("calendar", str(session.pk)),
    }


def status_of(client, url, **options):
    answer = client.get(url, **options)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def rows(*names):
    return list(Access.objects.order_by("pk").values_list(*names))


def test_what_is_given_is_noted_with_who_what_and_from_where(client, dentist_user, case, addresses):
    client.force_login(dentist_user)
    for url in addresses:
        # S3 gives the bytes itself, by a link.
        assert status_of(client, url, REMOTE_ADDR="192.0.2.7") in (200, 302)
    expected = [(what, item, "given") for what, item in addresses.values()]
    assert rows("what", "item", "result") == expected
    common = rows("user", "practice", "case_number", "address")
    assert set(common) == {(dentist_user.pk, case.practice_id, case.number, "192.0.2.7")}
    assert all(abs(timezone.now() - at).total_seconds() < 60 for (at,) in rows("at"))


def test_the_lab_is_noted_too(client, lab_user, case, addresses):
    client.force_login(lab_user)
    for url in addresses:
        status_of(client, url, REMOTE_ADDR="")
    assert set(rows("user", "practice", "address")) == {(lab_user.pk, case.practice_id, None)}
    assert len(rows("pk")) == len(addresses)


def test_who_asks_for_anothers_is_refused_as_before_and_noted(
    client, other_practice_user, case, addresses
):
    client.force_login(other_practice_user)
    for url in addresses:
        assert status_of(client, url) == 404
    expected = [(what, item, "not_theirs") for what, item in addresses.values()]
    assert rows("what", "item", "result") == expected
    assert set(rows("user", "practice")) == {(other_practice_user.pk, case.practice_id)}


def test_what_is_not_there_and_strangers_leave_no_row(client, dentist_user, case, addresses):
    for url in addresses:
        assert client.get(url).status_code == 302
    client.force_login(dentist_user)
    for url in ("/cases/99-1/rx/", f"/cases/{case.number}/rx/7/", "/cases/99-1/planning.ics"):
        assert status_of(client, url) == 404
    assert rows("pk") == []


def test_what_is_not_ready_is_noted_as_such(dentist_client, case, file, script):
    case.attachments.update(state="received")
    case.prescriptions.update(work_state="waiting")
    assert (
        dentist_client.get(reverse("cases:download", args=[case.number, file.pk])).status_code
        == 409
    )
    assert dentist_client.get(reverse("cases:rx", args=[case.number])).status_code == 302
    assert rows("what", "result") == [("file", "not_ready"), ("rx", "not_ready")]


@pytest.mark.disk  # S3 is not asked whether the object is there
def test_what_the_storage_could_not_give_is_noted_as_such(dentist_client, case, file):
    default_storage.delete(file.key)
    answer = dentist_client.get(reverse("cases:download", args=[case.number, file.pk]))
    assert answer.status_code == 503
    assert rows("result") == [("away",)]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_given_without_its_row(dentist_client, case, addresses):
    def refuse(execute, sql, *args):
        if sql.startswith("INSERT INTO"):
            raise DatabaseError("The disk is full.")
        return execute(sql, *args)

    for url in addresses:
        with connection.execute_wrapper(refuse), pytest.raises(DatabaseError):
            dentist_client.get(url)


def test_no_row_names_the_patient_or_a_file(client, other_practice_user, dentist_user, addresses):
    for user in (dentist_user, other_practice_user):
        client.force_login(user)
        for url in addresses:
            status_of(client, url)
    text = str(list(Access.objects.values()))
    assert "patiently" not in text.lower()


@pytest.mark.parametrize("words", ["26-10000", "ada@harbor", "Ada Weiss"])
def test_staff_find_rows_by_case_and_user_and_change_none(
    client, dentist_user, lab_user, case, file, words
):
    client.force_login(dentist_user)
    status_of(client, reverse("cases:download", args=[case.number, file.pk]))
    client.force_login(lab_user)
    listed = reverse("admin:accounts_access_changelist")
    assert case.number in client.get(listed, {"q": words}).text
    assert "0 access" in client.get(listed, {"q": "nobody"}).text
    row = Access.objects.get()
    change = reverse("admin:accounts_access_change", args=[row.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"result": "away"}).status_code == 403
    assert client.post(reverse("admin:accounts_access_add")).status_code == 403
    assert client.post(reverse("admin:accounts_access_delete", args=[row.pk])).status_code == 403
    action = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    client.post(listed, action)
    assert Access.objects.get().result == "given"
