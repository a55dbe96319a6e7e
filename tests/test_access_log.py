"""Each view, download, change and refusal leaves one row, which names nobody's patient."""

from io import BytesIO
from uuid import UUID

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.groups import LAB
from accounts.models import Access, Practice
from cases.progress import Progress
from scheduling import services
from scheduling.tests import make

PATIENT = "Zsófia Patiently"
SESSIONS = "/admin/scheduling/planningsession/"
FORM = UUID("00000000-0000-4000-8000-000000000002")


@pytest.fixture
def case(make_case):
    return make_case(patient_name=PATIENT, progress=Progress.READY)


@pytest.fixture
def file(case, dentist_user):
    file = case.attachments.create(
        name="patiently.stl", size=5, practice=case.practice, uploaded_by=dentist_user
    )
    file.state, file.work_state = "stored", "done"
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
    return services.book(block, case, by=dentist_user, now=now)


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
    """What was noted, but for who signed in."""
    kept = Access.objects.exclude(what="account").order_by("pk")
    return list(kept.values_list(*names))


def test_what_is_given_is_noted_with_who_what_and_from_where(client, dentist_user, case, addresses):
    client.force_login(dentist_user)
    began = timezone.now()
    for url in addresses:
        # S3 gives the bytes itself, by a link.
        assert status_of(client, url, REMOTE_ADDR="192.0.2.7") in (200, 302)
    expected = [(what, item, "given") for what, item in addresses.values()]
    assert rows("what", "item", "result") == expected
    common = rows("user", "practice", "case_number", "address")
    assert set(common) == {(dentist_user.pk, case.practice_id, case.number, "192.0.2.7")}
    assert all(began <= at <= timezone.now() for (at,) in rows("at"))


def test_who_asks_for_anothers_is_refused_as_before_and_noted(
    client, other_practice_user, case, addresses
):
    client.force_login(other_practice_user)
    for url in addresses:
        assert status_of(client, url) == 404
    # The newest of a case that is not theirs has no number that would be asked for.
    found = rows("what", "result")
    assert found == [(what, "not_theirs") for what, _ in addresses.values()]
    assert set(rows("user", "practice")) == {(other_practice_user.pk, case.practice_id)}


def test_what_is_not_ready_is_noted_as_such(dentist_client, case, file, script):
    case.attachments.update(state="received", work_state="waiting")
    case.prescriptions.update(work_state="waiting")
    assert (
        dentist_client.get(reverse("cases:download", args=[case.number, file.pk])).status_code
        == 409
    )
    assert dentist_client.get(reverse("cases:rx", args=[case.number])).status_code == 302
    assert rows("what", "result") == [("file", "not_ready"), ("rx", "not_ready")]


@pytest.mark.embedded(only=True)  # S3 is not asked whether the object is there
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


SPOKEN = ["26-10000", "2610000", "case #26-10000", "https://portal.example/cases/26-10000/"]


@pytest.mark.parametrize("words", [*SPOKEN, "ada@harbor", "Ada Weiss"])
def test_staff_find_rows_by_case_and_user(client, dentist_user, lab_user, case, file, words):
    client.force_login(dentist_user)
    status_of(client, reverse("cases:download", args=[case.number, file.pk]))
    client.force_login(lab_user)
    listed = reverse("admin:accounts_access_changelist")
    assert case.number in client.get(listed, {"q": words}).text
    assert "0 access" in client.get(listed, {"q": "nobody"}).text


@pytest.mark.parametrize("words", [*SPOKEN, "harbor.example"])
def test_staff_find_mails_by_case_and_address(client, lab_user, send_case, words):
    case = send_case()
    client.force_login(lab_user)
    listed = reverse("admin:portal_email_changelist")
    words = words.replace("26-10000", case.number).replace("2610000", case.number.replace("-", ""))
    assert case.practice.email in client.get(listed, {"q": words}).text
    assert "0 mails" in client.get(listed, {"q": "nobody"}).text


def test_a_word_that_leads_in_a_number_finds_a_practice_of_that_name(client, lab_user, practice):
    Practice.objects.create(name="Tooth", email="office@tooth.example")
    client.force_login(lab_user)
    page = client.get(reverse("admin:accounts_practice_changelist"), {"q": "Tooth"}).text
    assert "office@tooth.example" in page
    assert practice.email not in page


def test_a_list_that_nobody_searches_looks_for_no_word(client, lab_user):
    client.force_login(lab_user)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(reverse("admin:accounts_access_changelist")).status_code == 200
    assert [one["sql"] for one in asked if " LIKE " in one["sql"]] == []


# Pages


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/cases/", ("cases", "", "")),
        ("/", ("cases", "", "needing attention")),
        ("/cases/new/?draft=00000000-0000-4000-8000-000000000002", ("form", "", str(FORM))),
        (f"/files/?form={FORM}", ("form", "", str(FORM))),
        ("/cases/{}/", ("case", "{}", "")),
        ("/cases/{}/created/", ("case", "{}", "confirmation")),
        ("/cases/{}/rx/state/", ("rx", "{}", "")),
        ("/cases/{}/files/", ("file", "{}", "")),
        ("/cases/{}/schedule/", ("planning", "{}", "free blocks")),
    ],
)
def test_each_page_that_is_opened_is_one_row(client, dentist_user, case, url, kept):
    client.force_login(dentist_user)
    assert client.get(url.format(case.number)).status_code == 200
    what, number, item = kept
    row = (what, number.format(case.number), item, "opened", "given", case.practice_id)
    names = "what", "case_number", "item", "action", "result", "practice"
    assert rows(*names) == [row]


@pytest.mark.ignore_template_errors
@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/admin/cases/case/", ("cases", "", "list in admin")),
        ("/admin/cases/case/?q=Zs", ("cases", "", "list in admin")),
        ("/admin/cases/case/{case}/change/", ("case", "{number}", "{case}")),
        ("/admin/cases/case/{case}/history/", ("case", "{number}", "history")),
        ("/admin/cases/case/{case}/progress/received/", ("case", "{number}", "")),
        ("/admin/cases/case/{case}/ship-date/", ("case", "{number}", "")),
        ("/admin/cases/case/{case}/message/", ("case", "{number}", "")),
        ("/admin/cases/attachment/", ("file", "", "list in admin")),
        ("/admin/cases/attachment/{file}/change/", ("file", "{number}", "{file}")),
        ("/admin/cases/prescription/", ("rx", "", "list in admin")),
        ("/admin/cases/prescription/{script}/change/", ("rx", "{number}", "{script}")),
        ("/admin/scheduling/planningsession/", ("planning", "", "list in admin")),
        (
            "/admin/scheduling/planningsession/{session}/change/",
            ("planning", "{number}", "{session}"),
        ),
        (
            "/admin/scheduling/planningsession/{session}/move/",
            ("planning", "{number}", "{session}"),
        ),
    ],
)
def test_each_page_of_admin_is_one_row(client, make_staff, case, file, script, session, url, kept):
    client.force_login(make_staff(LAB))
    keys = {"case": case.pk, "file": file.pk, "script": script.pk, "session": session.pk}
    keys["number"] = case.number
    assert client.get(url.format(**keys)).status_code == 200
    expected = tuple(word.format(**keys) for word in kept)
    assert rows("what", "case_number", "item") == [expected]
    assert rows("action", "result") == [("opened", "given")]


@pytest.mark.ignore_template_errors
def test_pages_that_are_refused_are_rows(client, make_staff, dentist_user):
    client.force_login(make_staff())
    assert client.get("/admin/cases/case/").status_code == 403
    assert client.post("/admin/status/").status_code == 403
    client.force_login(dentist_user)
    assert client.get("/account/access/").status_code == 403
    assert rows("what", "item", "action", "result", "practice") == [
        ("page", "admin:cases_case_changelist", "opened", "not_now", None),
        ("page", "admin:status", "changed", "not_now", None),
        ("page", "accounts:access", "opened", "not_now", dentist_user.practice_id),
    ]


# Changes


def noted_changes():
    return [row for row in rows("what", "action", "case_number", "result") if row[3] != "given"]


def test_what_a_practice_changes_is_noted(client, dentist_user, case):
    client.force_login(dentist_user)
    here = f"/cases/{case.number}"
    client.post(f"{here}/archive/")
    client.post(f"{here}/unarchive/")
    client.post(f"{here}/message/", {"body": "Hello"})
    typed = {"teeth": ["14"], "description": "Another guide."}
    page = client.post(f"{here}/update/", typed)
    signed = {"seen": page.context["seen"], "signed_name": "Ada Weiss"}
    client.post(f"{here}/update/send/", signed)
    assert noted_changes() == [
        ("case", "archived", case.number, "done"),
        ("case", "unarchived", case.number, "done"),
        ("message", "written", case.number, "done"),
        ("form", "kept", case.number, "done"),
        ("case", "updated", case.number, "done"),
    ]


def test_a_case_that_is_sent_is_noted_once(client, dentist_user, practice):
    client.force_login(dentist_user)
    typed = {
        "form_key": str(FORM),
        "patient_name": PATIENT,
        "dentist": practice.dentists.get().pk,
        "teeth": ["14"],
        "description": "Guide.",
        "signed_name": "Ada Weiss",
    }
    for _ in "12":
        number = client.post("/cases/new/", typed).url.split("/")[2]
    assert noted_changes() == [("case", "created", number, "done")]


def test_what_is_typed_is_noted_once_and_when_it_goes(client, dentist_user):
    client.force_login(dentist_user)
    for name in ("J", "Jan", "Jane"):
        client.post(f"/cases/drafts/{FORM}/", {"patient_name": name})
    client.post(f"/cases/drafts/{FORM}/discard/")
    assert noted_changes() == [("form", "kept", "", "done"), ("form", "removed", "", "done")]


def test_booking_is_noted_and_what_the_lab_does_with_the_session(
    client, make_staff, dentist_user, case
):
    planner, now = make.planner(), timezone.now()
    blocks = [make.block(planner, now + timezone.timedelta(days=days)) for days in (2, 3)]
    client.force_login(dentist_user)
    client.post(f"/cases/{case.number}/schedule/", {"block": blocks[0].pk})
    session = case.planning_sessions.get()
    client.force_login(make_staff(LAB))
    client.post(f"{SESSIONS}{session.pk}/move/", {"block": blocks[1].pk})
    missed = {"action": "mark_missed", "_selected_action": [session.pk], "confirmed": "yes"}
    client.post(SESSIONS, missed)  # it has not begun
    client.post(SESSIONS, missed | {"action": "cancel"})
    assert noted_changes() == [
        ("planning", "booked", case.number, "done"),
        ("planning", "moved", case.number, "done"),
        ("planning", "ended", case.number, "not_now"),
        ("planning", "ended", case.number, "done"),
    ]


def test_what_the_lab_changes_is_noted(client, make_staff, case, script):
    client.force_login(make_staff(LAB))
    here = f"/admin/cases/case/{case.pk}"
    client.post(f"{here}/progress/manufacturing/", {"was": case.progress})
    client.post(f"{here}/progress/manufacturing/", {"was": case.progress})  # it was moved meanwhile
    client.post(f"{here}/ship-date/", {"ship_date": "2031-01-15"})
    client.post(f"{here}/message/", {"body": "Hello"})
    act = {"action": "move_to_finished", "_selected_action": [case.pk], "confirmed": "yes"}
    client.post("/admin/cases/case/", act)
    parcel = {"carrier": "other", "tracking_number": ""}
    client.post(f"{here}/progress/shipped/", parcel | {"was": Progress.FINISHED.value})
    client.post(f"{here}/tracking/", parcel | {"tracking_number": "77"})
    client.post(f"{here}/try-again/", {"prescription": script.pk})
    number = case.number
    assert noted_changes() == [
        ("case", "progress", number, "done"),
        ("case", "progress", number, "not_now"),
        ("case", "ship_date", number, "done"),
        ("message", "written", number, "done"),
        ("case", "progress", number, "done"),
        ("case", "progress", number, "done"),
        ("case", "tracking", number, "done"),
        ("rx", "tried_again", number, "done"),
    ]


def test_files_that_come_and_go_are_noted(client, dentist_user, case):
    client.force_login(dentist_user)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5"}
    answer = client.post("/files/", headers=headers, content_type="text/plain")
    place = answer["Location"]
    body = {"content_type": "application/offset+octet-stream"}
    client.patch(place, b"solid", headers={**headers, "Upload-Offset": "0"}, **body)
    client.delete(place, headers=headers)
    assert noted_changes() == [("file", "added", "", "done"), ("file", "removed", "", "done")]
    item = place.split("/")[2]
    assert rows("item") == [(item,), (item,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("action", ["archive", "message", "schedule"])
def test_nothing_is_changed_without_its_row(client, dentist_user, case, action):
    block = make.block(make.planner(), timezone.now() + timezone.timedelta(days=2))
    client.force_login(dentist_user)

    def refuse(execute, sql, *args):
        if sql.startswith('INSERT INTO "accounts_access"'):
            raise DatabaseError("The disk is full.")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse), pytest.raises(DatabaseError):
        client.post(f"/cases/{case.number}/{action}/", {"body": "Hello", "block": block.pk})
    case.refresh_from_db()
    assert (case.archived_at, case.progress) == (None, Progress.READY)
    assert not case.messages.exists()
    assert not case.planning_sessions.exists()


# Sign-in


def signed(*names):
    return list(Access.objects.filter(what="account").order_by("pk").values_list(*names))


def test_who_signs_in_and_out_is_noted(client, dentist_user):
    dentist_user.set_password("four-crowns-and-a-bridge")
    dentist_user.save()
    typed = {"login": dentist_user.email, "password": "four-crowns-and-a-bridge"}
    client.post("/accounts/login/", typed | {"password": "wrong"})
    client.post("/accounts/login/", typed | {"login": "nobody@harbor.example"})
    client.post("/accounts/login/", typed, REMOTE_ADDR="192.0.2.7")
    client.post("/accounts/logout/")
    user, practice = dentist_user.pk, dentist_user.practice_id
    assert signed("action", "result", "user", "practice", "address") == [
        ("signed_in", "failed", user, practice, "127.0.0.1"),
        ("signed_in", "failed", None, None, "127.0.0.1"),
        ("signed_in", "done", user, practice, "192.0.2.7"),
        ("signed_out", "done", user, practice, "127.0.0.1"),
    ]
    assert "nobody@" not in str(list(Access.objects.values()))


@pytest.mark.parametrize(
    ("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "198.51.100.2"), (3, None)]
)
def test_the_address_is_the_one_that_trusted_proxies_name(
    client, dentist_user, settings, proxies, address
):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    client.force_login(dentist_user)
    client.get("/cases/", headers={"X-Forwarded-For": "198.51.100.2, 203.0.113.9"})
    assert rows("address") == [(address,)]
