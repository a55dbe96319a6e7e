import re
import struct
from collections import Counter
from io import BytesIO, StringIO
from zipfile import ZipFile

import pydicom
import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from accounts.models import Practice, User
from accounts.sign_in import second_step
from cases import carriers
from cases.models import Attachment, Case, CaseEvent, Message
from cases.progress import WITHOUT_SHIP_DATE, Progress
from portal import lab_calendar
from portal.files import staging
from portal.models import Email, News
from scheduling.demo import people
from scheduling.models import Block, PlanningSession

# One process fills the demo once, for all tests of this module.
pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]
PASSWORD = "a-fine-long-password"


def run(**options):
    out = StringIO()
    call_command("demo", stdout=out, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def folder(django_db_setup, django_db_blocker, tmp_path_factory):
    """The data folder of a filled demo, whose rows are there until the module's tests are done."""
    folder = tmp_path_factory.mktemp("demo")
    disk = {"BACKEND": "portal.files.disk.Disk", "OPTIONS": {"location": folder / "storage"}}
    changed = override_settings(STAGING_DIR=folder / "staging", STORAGES={"default": disk})
    with django_db_blocker.unblock(), transaction.atomic():
        with changed:
            (folder / "printed").write_text(run())
        yield folder
        transaction.set_rollback(True)


@pytest.fixture
def lakeside(folder):
    return User.objects.get(email="dentist@demo.example").practice


def read(folder, attachment):
    return (folder / "storage" / attachment.key).read_bytes()


def test_three_practices_number_teeth_and_tell_time_their_own_way(folder):
    practices = Practice.objects.all()
    assert {practice.tooth_numbering for practice in practices} == {"universal", "fdi", "palmer"}
    assert len({practice.time_zone for practice in practices}) == 3
    assert all(practice.dentists.count() >= 2 for practice in practices)
    assert all(practice.members.exists() for practice in practices)


def test_the_dentists_list_is_busy_and_fits_a_page(lakeside):
    progress = Counter(lakeside.cases.values_list("progress", flat=True))
    assert all(progress[value] >= 2 for value in Progress)
    assert 30 <= lakeside.cases.filter(archived_at=None).count() <= 50
    assert lakeside.cases.exclude(archived_at=None).count() >= 3
    assert Case.objects.count() >= 60


def test_every_timeline_runs_forward_up_to_now(folder):
    for case in Case.objects.prefetch_related("events"):
        moments = [event.created_at for event in sorted(case.events.all(), key=lambda e: e.pk)]
        assert moments == sorted(moments)
        assert moments[0] == case.created_at
    now = timezone.now()
    for model in (CaseEvent, Message, Email):
        assert not model.objects.filter(created_at__gt=now).exists()


def test_every_parcel_has_a_valid_number_of_its_own(folder):
    shipped = Case.objects.filter(progress=Progress.SHIPPED)
    assert not [case for case in shipped if carriers.warning(case.carrier, case.tracking_number)]
    assert len({case.tracking_number for case in shipped}) == len(shipped)
    assert all(case.tracking_url for case in shipped)


def test_a_case_has_a_ship_date_unless_it_rests(folder):
    for case in Case.objects.all():
        assert (case.ship_date is None) == (case.progress in WITHOUT_SHIP_DATE), case
    finished = Case.objects.filter(progress=Progress.FINISHED)
    assert all(case.ship_date >= lab_calendar.today(timezone.now()) for case in finished)


def test_what_is_missing_is_said_with_a_note(lakeside):
    for case in lakeside.cases.filter(progress=Progress.MISSING):
        item = case.missing_items.get(answered_at=None)
        assert item.note
        assert item.reason != "no_cbct" or not case.attachments.filter(kind__startswith="cbct")


def test_sessions_are_booked_ahead_and_were_held_and_missed_before(folder, settings):
    now = timezone.now()
    for session in PlanningSession.objects.select_related("block"):
        assert (session.block.starts_at > now) == (session.state == "booked")
        assert session.booked_at < session.block.starts_at - timezone.timedelta(hours=24)
    states = Counter(PlanningSession.objects.values_list("state", flat=True))
    assert states["booked"] == Case.objects.filter(progress=Progress.SCHEDULED).count()
    assert states["missed"] >= 2
    settings.BOOKING_NOTICE_HOURS = 24
    free = list(Block.objects.bookable(now))
    assert len(free) > 100
    assert (free[-1].starts_at - now).days >= 35


def test_files_went_through_the_real_task_and_can_be_read(folder):
    states = Counter(Attachment.objects.values_list("state", flat=True))
    assert states.pop("stored") > 200
    assert states == {"uploading": 1, "failed": 1}
    stored = Attachment.objects.filter(state="stored")
    assert all(staging.digest(folder / "storage" / file.key) == file.sha256 for file in stored)
    assert {"cbct", "cbct_archive", "surface_scan", "photo", "document"} == {
        file.kind for file in stored
    }


def test_a_scan_is_a_binary_stl(folder):
    data = read(folder, Attachment.objects.filter(name="upper.stl").first())
    (triangles,) = struct.unpack_from("<I", data, 80)
    assert triangles > 300
    assert len(data) == 84 + 50 * triangles


def test_a_cbct_is_dicom_of_the_cases_patient(folder):
    packed = Attachment.objects.filter(kind="cbct_archive", state="stored").first()
    with ZipFile(BytesIO(read(folder, packed))) as archive:
        slices = [pydicom.dcmread(BytesIO(archive.read(name))) for name in archive.namelist()]
    assert len({image.SOPInstanceUID for image in slices}) == len(slices) > 3
    assert len({image.SeriesInstanceUID for image in slices}) == 1
    name = str(slices[0].PatientName).replace("^", "")
    assert sorted(name) == sorted(packed.case.patient_name.replace(" ", ""))
    assert len(slices[0].PixelData) == 2 * 64 * 64


def test_an_upload_is_on_its_way_and_one_has_failed_with_a_reason(folder, settings):
    settings.STAGING_DIR = folder / "staging"
    assert Attachment.objects.get(state="uploading").percent == 40
    failed = Attachment.objects.get(state="failed")
    assert "upload the file again" in failed.work_failure
    assert len(list(settings.STAGING_DIR.iterdir())) == 1


def test_old_mails_are_not_sent_again(folder):
    waiting = Email.objects.filter(work_state="waiting")
    assert waiting.count() == 5
    assert Email.objects.filter(work_state="done", sent_at=None).count() == 0
    newest = Email.objects.order_by("-created_at").first()
    assert newest in waiting


def test_a_second_run_adds_nothing_and_prints_the_logins_again(folder, settings):
    before = [model.objects.count() for model in (Practice, User, Case, Email, News, Block)]
    printed = run()
    assert [model.objects.count() for model in (Practice, User, Case, Email, News, Block)] == before
    first = (folder / "printed").read_text()
    assert before_the_code(printed) in before_the_code(first)
    assert settings.SITE_URL in printed
    for email in people.LOGINS:
        (line,) = [line for line in printed.splitlines() if f" {email}   " in line]
        assert line.endswith(people.PASSWORD)


def before_the_code(printed):
    return re.split(rf"\n  {people.LAB_LOGIN} signs in with two steps", printed)[0]


def test_the_labs_code_and_how_to_get_the_next_are_printed(folder):
    printed = run()
    code = re.search(r"Its code is (\d{6}) for the next \d+ seconds", printed)[1]
    assert code == second_step.current_code(User.objects.get(email=people.LAB_LOGIN))[0]
    assert "manage.py demo --code" in printed


def test_a_demo_of_before_gets_its_code(folder):
    Authenticator.objects.all().delete()
    assert "Its code is" in run()


def test_what_the_lab_moved_on_it_has_looked_at():
    new = Case.objects.new_to_lab()
    assert set(new.filter(looked_at=None).values_list("progress", flat=True)) == {
        Progress.PROCESSING
    }


@pytest.mark.parametrize("code", [False, True])
def test_with_another_key_the_labs_login_gets_a_new_app_and_nobody_else(folder, settings, code):
    other = User.objects.get(email="other@demo.example")
    second_step.enrol(other)
    before = Authenticator.objects.get(user=other).data
    settings.SECRET_KEY = "another-key-that-is-long-enough-0123456789-abcdefghijklmnopqrstuvwxyz"
    printed = run(code=code)
    lab = User.objects.get(email=people.LAB_LOGIN)
    assert second_step.current_code(lab)[0] in printed
    assert ("was set up with another SECRET_KEY" in printed) is not code
    assert Authenticator.objects.get(user=other).data == before


def test_a_demo_whose_labs_login_is_gone_still_prints_the_others(folder):
    User.objects.filter(email=people.LAB_LOGIN).update(email="lou@demo.example")
    assert "dentist@demo.example" in run()
    with pytest.raises(CommandError, match="not filled in yet"):
        run(code=True)


def test_a_new_password_is_set_and_not_printed(folder):
    assert "was set" in run(password=PASSWORD)
    assert all(
        user.check_password(PASSWORD) for user in User.objects.filter(email__in=people.LOGINS)
    )
    printed = run()
    assert printed.count("the password you set") == len(people.LOGINS)
    assert PASSWORD not in printed
    assert people.PASSWORD not in printed


def test_a_practice_has_an_owner_a_deactivated_member_and_an_open_invitation(folder, lakeside):
    assert lakeside.owners.get().email == "dentist@demo.example"
    assert lakeside.members.get(is_active=False).email == people.LEFT[0]
    assert lakeside.invitations.acceptable(timezone.now()).get().email == people.INVITED[0]


def test_planners_and_others_cannot_sign_in_by_password(folder):
    others = User.objects.exclude(email__in=people.LOGINS)
    assert len(others) == 4
    assert not any(user.has_usable_password() for user in others)


def test_a_weak_password_is_refused_with_a_sentence(folder):
    with pytest.raises(CommandError, match=r"too short.* Nothing was changed"):
        run(password="short")
    assert User.objects.get(email="dentist@demo.example").check_password(people.PASSWORD)
