"""Broker, storage and mail server away or hanging: every page works, and says what it waits for."""

import re
import uuid
from datetime import timedelta

import pytest
from botocore.config import Config
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import unsent
from cases import drafts
from cases.models import Attachment, Case, Draft, Message, Prescription
from cases.progress import Progress
from cases.rx.revisions import snapshot
from cases.tasks import render_prescription, store_attachment
from cases.tests.tus_program import encoded
from portal.models import Email
from portal.tasks import send_email
from portal.tests import hanging as peers
from portal.work import LATE
from scheduling import services
from scheduling.models import PlanningSession
from scheduling.tests import make
from tests.matrix import rows
from tests.matrix.portal_cells import ROWS
from tests.matrix.rules import NOWHERE, parsed
from tests.urls import BY_ROW, PATTERNS

SLEEPING = "Waiting for the file storage, which is away. Nothing is lost"

pytestmark = pytest.mark.django_db(transaction=True)


away, hanging, both = (
    pytest.mark.parametrize("alone", how, indirect=True)
    for how in (["away"], ["hanging"], ["away", "hanging"])
)
WORK = {Attachment: store_attachment, Prescription: render_prescription, Email: send_email}


def work():
    """Do once what workers would."""
    for model, task in WORK.items():
        model.objects.update(work_leased_until=None)
        for row in model.objects.unfinished():
            task(row.pk)


@pytest.fixture
def alone(request, settings, monkeypatch, broker, work_at_once):
    """Of all dependencies, only the database is there; with the time-outs of production."""
    work_at_once.conf.task_always_eager = False
    with peers.AWAY[request.param]() as port:
        bucket = peers.bucket_at(monkeypatch, port)
        settings.STORAGES = {**settings.STORAGES, "default": bucket}
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        # A first client reads what S3 knows; on a busy machine that takes seconds of its own.
        assert default_storage.connection
        with broker.replaced_by(f"redis://127.0.0.1:{port}/0"):
            yield


@pytest.fixture
def impatient(alone, settings):
    """Time-outs of a second."""
    bucket = settings.STORAGES["default"]
    short = bucket["OPTIONS"]["client_config"].merge(Config(connect_timeout=1, read_timeout=1))
    changed = {**bucket, "OPTIONS": {**bucket["OPTIONS"], "client_config": short}}
    settings.STORAGES = {**settings.STORAGES, "default": changed}
    settings.EMAIL_TIMEOUT = 1


class Answered(Client):
    """A browser whose person is answered, by a page or a redirect, whatever is away."""

    def request(self, **asked):
        answer = super().request(**asked)
        assert answer.status_code < 500, f"{asked['PATH_INFO']} answered {answer.status_code}."
        return answer


@pytest.fixture
def person(dentist_user):
    client = Answered()
    client.force_login(dentist_user)
    return client


@pytest.fixture
def lab(lab_user):
    client = Answered()
    client.force_login(lab_user)
    return client


@pytest.fixture
def new_case(practice, dentist_user):
    """What a form holds that can be sent."""
    key = uuid.uuid4()
    return {
        "form_key": str(key),
        "form_token": unsent.token(dentist_user, drafts.place_of_new(key)),
        "patient_name": "Jane Roe",
        "dentist": str(practice.dentists.first().pk),
        "teeth": ["14"],
        "description": "One implant.",
        "signed_name": "Ada Weiss",
    }


def upload(person, form_key, body=b"solid"):
    """Send a file by tus, whole."""
    tus = {"Tus-Resumable": "1.0.0"}
    metadata = encoded({"filename": "upper.stl", "form": str(form_key)})
    begun = person.post(
        "/files/", headers={**tus, "Upload-Length": str(len(body)), "Upload-Metadata": metadata}
    )
    return person.patch(
        begun["Location"],
        body,
        content_type="application/offset+octet-stream",
        headers={**tus, "Upload-Offset": "0"},
    )


def book(person, case):
    Case.objects.filter(pk=case.pk).update(progress=Progress.READY)
    block = make.block(make.planner(), timezone.now() + timedelta(days=3))
    return person.post(f"/cases/{case.number}/schedule/", {"block": block.pk}, follow=True)


@hanging
def test_all_that_a_dentist_sends_arrives(alone, person, new_case):
    assert upload(person, new_case["form_key"]).status_code == 204
    assert "Arrived, being stored" in person.get(f"/files/?form={new_case['form_key']}").text
    sent = person.post("/cases/new/", new_case, follow=True)
    case = Case.objects.get()
    assert f"Case {case.number} is sent" in sent.text
    assert case.attachments.get().state == Attachment.State.RECEIVED

    update = reverse("cases:update", args=[case.number])
    changed = {"teeth": ["3"], "description": "Two implants."}
    seen = person.post(update, changed).context["seen"]
    person.post(f"{update}send/", {"signed_name": "Ada Weiss", "seen": seen})
    assert Case.objects.get().teeth == ["3"]
    assert case.prescriptions.count() == 2

    person.post(reverse("cases:message", args=[case.number]), {"body": "Hello"})
    assert Message.objects.get().body == "Hello"
    assert "session is booked" in book(person, case).text
    assert PlanningSession.objects.booked().get().case == case
    person.post(reverse("cases:archive", args=[case.number]))
    assert Case.objects.get().archived_at
    kinds = {"case_submitted", "case_updated", "message_posted", "planning_scheduled"}
    assert set(Email.objects.unfinished().values_list("kind", flat=True)) == kinds
    assert not Draft.objects.exists()


@hanging
def test_pages_say_what_is_waited_for_and_go_on_asking(impatient, person, lab, new_case):
    open_form = uuid.uuid4()
    for form_key in (new_case["form_key"], open_form):
        upload(person, form_key)
    person.post("/cases/new/", new_case)
    case = Case.objects.get()
    book(person, case)
    work()

    record = person.get(case.get_absolute_url()).text
    assert record.count(SLEEPING) == 2  # the file and the RX script
    for part in ("files", "rx/state"):
        assert f'hx-get="/cases/{case.number}/{part}/"' in record
        assert SLEEPING in person.get(f"/cases/{case.number}/{part}/").text
    listed = person.get(f"/files/?form={open_form}").text
    assert SLEEPING in listed
    assert "data-poll" in listed
    for page in ("created", "schedule"):
        text = person.get(f"/cases/{case.number}/{page}/").text
        assert "front@harbor.example as soon as the mail server is back" in text
    assert lab.get(f"/admin/cases/case/{case.pk}/change/").text.count(SLEEPING) == 2


@away
def test_what_nobody_took_up_for_minutes_says_so(alone, person, new_case):
    upload(person, new_case["form_key"])
    person.post("/cases/new/", new_case)
    case = Case.objects.get()
    assert "longer than usual" not in person.get(case.get_absolute_url()).text
    for model in (Attachment, Prescription, Email):
        model.objects.update(work_asked_at=timezone.now() - LATE)
    assert person.get(case.get_absolute_url()).text.count("This takes longer than usual.") == 2


@away
def test_all_is_done_once_the_dependencies_are_back(
    impatient, person, new_case, settings, tmp_path
):
    upload(person, new_case["form_key"])
    person.post("/cases/new/", new_case)
    case = Case.objects.get()
    work()
    disk = {"BACKEND": "portal.files.disk.Disk", "OPTIONS": {"location": tmp_path / "storage"}}
    settings.STORAGES = {**settings.STORAGES, "default": disk}
    settings.EMAIL_BACKEND = "portal.mail.folder.EmailBackend"
    work()
    record = person.get(case.get_absolute_url()).text
    assert "Waiting for" not in record
    assert "RX script, revision 1" in record
    assert "Stored" in record
    created = person.get(f"/cases/{case.number}/created/").text
    assert "A confirmation went to front@harbor.example." in created


@pytest.fixture
def places(make_case, dentist_user):
    """A booked case with a stored file and an RX script, and the values that lead to it."""
    case = make_case(progress=Progress.READY)
    case.prescriptions.create(
        revision=1,
        snapshot=snapshot(case, 1, "Ada", by=dentist_user, now=timezone.now()),
        file="p/1",
        work_state="done",
    )
    file = case.attachments.create(
        name="arch.stl",
        size=5,
        practice=case.practice,
        uploaded_by=dentist_user,
        state="stored",
        work_state="done",
    )
    now = timezone.now()
    services.book(
        make.block(make.planner(), now + timedelta(days=3)), case, by=dentist_user, now=now
    )
    return {**NOWHERE, "number": case.number, "pk": file.pk}


# It has to say that a dependency is away; and after the other one there is nobody to answer.
NOT_ASKED = {"portal:readyz", "accounts:sign_out_everywhere"}
# The address and the first method of each row that a dentist is answered for.
OF_DENTISTS = {
    row.name: next(iter(parsed(row.members)))
    for row in rows.TABLE
    if " " not in row.name and not row.owners and row.of not in ROWS and row.name not in NOT_ASKED
}
# The pages of admin that are about no row.
ADMIN = sorted(f"/{one.route}" for one in PATTERNS if re.fullmatch(r"admin/[a-z/_]*", one.route))


@both
def test_every_page_of_a_dentist_answers(alone, person, places):
    for name, method in OF_DENTISTS.items():
        headers = {"Tus-Resumable": "1.0.0"} if name.startswith("cases:upload") else {}
        person.generic(method, BY_ROW[name].address(places), headers=headers)
    for url in ("/", "/help/", "/healthz"):
        person.get(url)
    assert person.get(reverse("accounts:account")).status_code == 200, "Signed out meanwhile."


@both
@pytest.mark.ignore_template_errors  # Django's own templates ask for variables that are not there
def test_every_page_of_the_lab_answers(alone, lab, places):
    case = Case.objects.get()
    of_case = [f"/admin/cases/case/{case.pk}/{page}/" for page in ("change", "history", "message")]
    for url in [*ADMIN, *of_case]:
        if "logout" not in url:
            lab.get(url)
    lab.post(f"/admin/cases/case/{case.pk}/message/", {"body": "We are on it."})
    lab.post(f"/admin/cases/case/{case.pk}/progress/received/", {"was": case.progress, "note": ""})
    assert Case.objects.get().progress == Progress.RECEIVED
    assert Message.objects.get().body == "We are on it."


@hanging
def test_a_download_is_signed_without_asking_the_storage(alone, person, places):
    for name in ("cases:download", "cases:rx", "cases:rx_revision"):
        answer = person.get(BY_ROW[name].address(places))
        assert answer.status_code == 302
        assert "X-Amz-Signature=" in answer["Location"]
