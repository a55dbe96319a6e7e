from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from icalendar import Calendar

from cases import services as cases
from cases.models import Case
from cases.progress import Progress, Who
from portal.models import Email
from portal.refusal import NotAllowed
from scheduling import services
from scheduling.models import PlanningSession
from scheduling.tests import make
from scheduling.tests.make import NOW, STARTS

pytestmark = pytest.mark.django_db
WHEN = "Tuesday, December 1, 2026, 2:30 PM EST (America/New_York)"


def test_booking_schedules_the_case_and_writes_the_timeline(block, case, dentist):
    session = services.book(block, case, by=dentist, now=NOW)
    stored = Case.objects.get(pk=case.pk)
    assert stored.progress == Progress.SCHEDULED
    assert stored.planning_date == date(2026, 12, 1)
    assert (session.state, session.booked_by, session.booked_at) == ("booked", dentist, NOW)
    event = stored.events.get()
    assert (event.from_progress, event.to_progress) == (Progress.READY, Progress.SCHEDULED)
    ships = "Ship date: Mon, Nov 16, 2026 → Tue, Dec 8, 2026."
    assert event.note == f"{WHEN} with Ann Lee. {ships}"
    assert event.actor == dentist


def test_booking_does_not_count_as_a_change_by_the_dentist(block, case, dentist):
    services.book(block, case, by=dentist, now=NOW + timedelta(days=2))
    assert Case.objects.get(pk=case.pk).modified_at == NOW


def test_a_session_later_than_the_turnaround_pushes_the_ship_date_out(block, case, dentist):
    services.book(block, case, by=dentist, now=NOW)
    # Five business days after Tuesday, December 1.
    assert Case.objects.get(pk=case.pk).ship_date == date(2026, 12, 8)


def test_a_ship_date_that_a_session_moves_is_shown_before_and_after(
    client, ann, case, dentist, lab_user
):
    client.force_login(dentist)
    late = make.block(ann, timezone.now() + timedelta(days=20))
    ships = services.ship_date_with(case, late, timezone.now())
    assert ships > case.ship_date
    page = client.get(f"/cases/{case.number}/schedule/").text
    told = f"the guide ships on {date_format(ships)} instead of {date_format(case.ship_date)}"
    assert told in " ".join(page.split())
    client.post(f"/cases/{case.number}/schedule/", {"block": late.pk})
    moved = f"Ship date: {date_format(case.ship_date)} → {date_format(ships)}."
    assert case.events.filter(note__endswith=moved).count() == 1
    assert date_format(ships) in client.get(f"/cases/{case.number}/schedule/").text
    mail = Email.objects.filter(kind="planning_scheduled", to=case.practice.email).get()
    assert f"Ship date of the guide: {date_format(ships)}" in mail.text
    later = make.block(ann, timezone.now() + timedelta(days=40))
    client.force_login(lab_user)
    [session] = case.planning_sessions.all()
    admin = client.get(reverse("admin:scheduling_planningsession_move", args=[session.pk])).text
    case.refresh_from_db()
    assert f"; ships {date_format(services.ship_date_with(case, later, timezone.now()))}" in admin


def test_the_ship_date_of_a_case_that_has_none_is_said_once(client, ann, harbor, dentist):
    case = make.case(harbor, Progress.NO_SHOW, ship_date=None)
    for days in (2, 3, 4):
        make.block(ann, timezone.now() + timedelta(days=days))
    client.force_login(dentist)
    page = " ".join(client.get(f"/cases/{case.number}/schedule/").text.split())
    ships = date_format(cases.expected_ship_date(timezone.now()))
    assert page.count(f"the guide ships on {ships}.") == 1


def test_an_early_session_leaves_the_ship_date(ann, case, dentist):
    services.book(make.block(ann, NOW + timedelta(days=1)), case, by=dentist, now=NOW)
    assert Case.objects.get(pk=case.pk).ship_date == date(2026, 11, 16)


def test_after_a_no_show_the_ship_date_starts_anew(ann, harbor, dentist):
    case = make.case(harbor, Progress.NO_SHOW, ship_date=None)
    services.book(make.block(ann, NOW + timedelta(days=1)), case, by=dentist, now=NOW)
    stored = Case.objects.get(pk=case.pk)
    assert stored.progress == Progress.SCHEDULED
    assert stored.ship_date == cases.expected_ship_date(NOW)


def test_the_date_on_the_case_is_the_labs_date(ann, harbor, dentist):
    # 10:30 PM on December 1 at the lab is December 2 in UTC.
    late = make.block(ann, STARTS + timedelta(hours=8))
    case = make.case(harbor)
    services.book(late, case, by=dentist, now=NOW)
    assert Case.objects.get(pk=case.pk).planning_date == date(2026, 12, 1)


def test_both_sides_get_a_mail_with_the_calendar_file_and_no_patient(block, case, dentist):
    session = services.book(block, case, by=dentist, now=NOW)
    mails = Email.objects.filter(kind="planning_scheduled")
    assert {mail.to for mail in mails} == {"office@har.example", "ann@lab.example"}
    for mail in mails:
        assert WHEN in mail.text
        assert case.number in mail.subject
        assert "&amp;" not in mail.text
        event = Calendar.from_ical(mail.calendar).events[0]
        assert event["UID"].startswith(str(session.uid))
        assert event.start == STARTS
        everything = mail.subject + mail.text + mail.html + mail.calendar + mail.key
        assert "Patiently" not in everything
        assert "Zs" not in everything


def test_each_side_reads_the_time_on_its_own_clock(harbor, dentist, case):
    west = make.planner("Wes", "wes@lab.example", time_zone="America/Los_Angeles")
    services.book(make.block(west), case, by=dentist, now=NOW)
    assert "11:30 AM PST (America/Los_Angeles)" in Email.objects.get(to="wes@lab.example").text
    assert "2:30 PM EST (America/New_York)" in Email.objects.get(to=harbor.email).text


def test_a_block_is_booked_once(block, harbor, dentist, case):
    services.book(block, case, by=dentist, now=NOW)
    late = make.case(harbor)
    with pytest.raises(services.BlockTaken, match="Nothing was booked"):
        services.book(block, late, by=dentist, now=NOW)
    assert PlanningSession.objects.get().case == case
    assert Case.objects.get(pk=late.pk).progress == Progress.READY
    assert not late.events.exists()
    assert Email.objects.count() == 2


def test_a_case_is_booked_once_even_with_a_stale_page(ann, block, case, dentist):
    stale = Case.objects.get(pk=case.pk)
    services.book(block, case, by=dentist, now=NOW)
    for again in (block, make.block(ann, STARTS + timedelta(days=1))):
        with pytest.raises(services.AlreadyBooked):
            services.book(again, stale, by=dentist, now=NOW)
    assert PlanningSession.objects.get().block == block
    assert Email.objects.count() == 2


@pytest.mark.parametrize("late_by", [timedelta(0), timedelta(minutes=5)])
def test_a_block_that_has_begun_is_refused(block, case, dentist, late_by):
    with pytest.raises(services.BlockOver, match="over already"):
        services.book(block, case, by=dentist, now=STARTS + late_by)
    assert not PlanningSession.objects.exists()


def test_a_block_that_was_withdrawn_is_refused(ann, case, dentist):
    with pytest.raises(services.BlockTaken):
        services.book(make.block(ann, is_open=False), case, by=dentist, now=NOW)


def test_a_block_of_a_planner_who_left_is_refused(block, ann, case, dentist):
    ann.is_active = False
    ann.save(update_fields=["is_active"])
    with pytest.raises(services.BlockTaken):
        services.book(block, case, by=dentist, now=NOW)


def test_a_block_that_is_gone_is_refused(block, case, dentist):
    block.delete()
    block.pk = 77
    with pytest.raises(services.BlockTaken):
        services.book(block, case, by=dentist, now=NOW)


@pytest.mark.parametrize(
    "progress", [one for one in Progress if one not in {Progress.READY, Progress.NO_SHOW}]
)
def test_only_a_case_that_is_ready_or_missed_its_session_is_booked(
    block, harbor, dentist, progress
):
    case = make.case(harbor, progress)
    with pytest.raises(NotAllowed, match="Nothing was booked"):
        services.book(block, case, by=dentist, now=NOW)
    assert not PlanningSession.objects.exists()


def test_the_lab_and_other_practices_do_not_book(block, case, lab_user):
    for stranger in (lab_user, make.member(make.practice("Other"))):
        with pytest.raises(NotAllowed):
            services.book(block, case, by=stranger, now=NOW)


def test_a_case_that_the_lab_moved_meanwhile_is_not_booked(block, case, dentist, lab_user):
    stale = Case.objects.get(pk=case.pk)
    cases.move(case, Progress.ON_HOLD, Who.LAB, by=lab_user, now=NOW)
    with pytest.raises(cases.ChangedMeanwhile):
        services.book(block, stale, by=dentist, now=NOW)
    assert not PlanningSession.objects.exists()
    assert not Email.objects.filter(kind="planning_scheduled").exists()
