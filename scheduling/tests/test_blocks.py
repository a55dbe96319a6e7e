"""Blocks that the lab makes, changes and deletes by hand, on their planner's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.groups import PLANNER
from scheduling import services
from scheduling.models import Block, WorkingHours
from scheduling.tests import make
from scheduling.tests.make import NOW
from scheduling.tests.test_admin import BLOCKS, act, said

pytestmark = pytest.mark.django_db
LOS_ANGELES = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def desk(client, lab_user):
    client.force_login(lab_user)
    return client


@pytest.fixture
def wes(db):
    return make.planner("Wes", "wes@lab.example", time_zone="America/Los_Angeles")


@pytest.fixture
def free(wes):
    return make.block(wes, datetime(2031, 3, 4, 9, tzinfo=LOS_ANGELES))


def typed(planner, day="2031-03-04", start="10:00", end="11:00"):
    times = {"starts_at_0": day, "starts_at_1": start, "ends_at_0": day, "ends_at_1": end}
    return {"planner": planner.pk, "is_open": "on", **times}


def change(block):
    return f"{BLOCKS}{block.pk}/change/"


def test_a_block_typed_in_is_in_the_zone_of_its_planner_which_the_form_names(desk, wes, ann):
    page = desk.get(f"{BLOCKS}add/").text
    assert "Wes (America/Los_Angeles)" in page
    assert "Ann Lee (America/New_York)" in page
    assert "On the clock of the planner, whose time zone stands beside the name." in page
    for planner in (wes, ann):
        assert desk.post(f"{BLOCKS}add/", typed(planner)).status_code == 302
        block = planner.blocks.get()
        assert block.starts_at == datetime(2031, 3, 4, 10, tzinfo=planner.zone)
        assert block.ends_at == datetime(2031, 3, 4, 11, tzinfo=planner.zone)


def test_a_block_on_a_day_of_the_planners_clock_change_is_right(desk, wes):
    # On March 9, 2031, 2:00 AM PST becomes 3:00 AM PDT.
    page = desk.post(f"{BLOCKS}add/", typed(wes, "2031-03-09", "02:30", "03:30"))
    assert "That time does not exist in America/Los_Angeles" in page.text
    desk.post(f"{BLOCKS}add/", typed(wes, "2031-03-09", "03:00", "04:00"))
    block = wes.blocks.get()
    assert block.ends_at - block.starts_at == timedelta(hours=1)
    assert block.starts_at.astimezone(LOS_ANGELES).hour == 3


def test_a_block_until_midnight_can_be_typed(desk, wes):
    until = {"ends_at_0": "2031-03-05", "ends_at_1": "00:00"}
    desk.post(f"{BLOCKS}add/", typed(wes, start="23:00") | until)
    assert wes.blocks.get().ends_at == datetime(2031, 3, 5, tzinfo=LOS_ANGELES)


def test_a_block_that_nobody_booked_shows_its_planners_clock_and_is_edited(desk, wes, free):
    page = desk.get(change(free)).text
    assert "On the clock of Wes: America/Los_Angeles." in page
    assert 'value="09:00"' in page
    assert desk.post(change(free), typed(wes, start="13:30", end="14:00")).status_code == 302
    assert wes.blocks.get().starts_at == datetime(2031, 3, 4, 13, 30, tzinfo=LOS_ANGELES)


def test_saving_a_block_as_it_stands_changes_nothing(desk, wes, free):
    desk.post(change(free), typed(wes, start="09:00", end="10:00"))
    assert wes.blocks.get() == free
    assert wes.blocks.get().starts_at == free.starts_at


def test_who_has_the_old_time_on_a_page_does_not_book_the_new_one(
    desk, wes, free, case, dentist, client
):
    desk.post(change(free), typed(wes, start="13:30", end="14:00"))
    client.force_login(dentist)
    answer = client.post(f"/cases/{case.number}/schedule/", {"block": free.pk})
    assert answer.status_code == 409
    assert "Nothing was booked" in answer.text
    assert not wes.blocks.get().sessions.exists()


# On November 2, 2031, 2:00 AM PDT becomes 1:00 AM PST.
AUTUMN = {"day": "2031-11-02", "start": "01:00"}


@pytest.mark.parametrize("hours", [0.5, 1, 1.5])
def test_a_block_across_the_autumn_change_of_clocks_stays_as_it_is(desk, wes, hours):
    starts = datetime(2031, 11, 2, 1, tzinfo=LOS_ANGELES).astimezone(UTC)
    for starts_at in (starts, starts + timedelta(hours=1)):
        block = make.block(wes, starts_at, minutes=60 * hours)
        ends = block.ends_at.astimezone(LOS_ANGELES).strftime("%H:%M")
        form = typed(wes, **AUTUMN, end=ends)
        form.pop("is_open")
        assert desk.post(change(block), form).status_code == 302
        kept = Block.objects.get(pk=block.pk)
        assert (kept.starts_at, kept.ends_at) == (block.starts_at, block.ends_at)
        assert not kept.is_open
        kept.delete()


@pytest.mark.parametrize(("end", "minutes"), [("01:30", 30), ("01:00", 60), ("02:00", 120)])
def test_a_new_block_ends_after_it_starts_where_clocks_are_put_back(desk, wes, end, minutes):
    desk.post(f"{BLOCKS}add/", typed(wes, **AUTUMN, end=end))
    block = wes.blocks.get()
    assert block.ends_at - block.starts_at == timedelta(minutes=minutes)


def test_a_block_that_nobody_booked_is_deleted(desk, free):
    assert "/delete/" in desk.get(change(free)).text
    desk.post(f"{BLOCKS}{free.pk}/delete/", {"post": "yes"})
    assert not Block.objects.exists()


def test_blocks_that_nobody_booked_are_deleted_together(desk, wes, free):
    other = make.block(wes, free.ends_at)
    act(desk, BLOCKS, "delete_selected", free, other, post="yes")
    assert not Block.objects.exists()


@pytest.mark.parametrize("is_over", [True, False])
def test_a_block_that_was_ever_booked_is_neither_edited_nor_deleted(
    desk, wes, free, case, dentist, lab_user, is_over
):
    session = services.book(free, case, by=dentist, now=NOW)
    if is_over:
        services.cancel(session, by=lab_user, now=NOW)
    page = desk.get(change(free))
    assert page.status_code == 200
    assert 'name="starts_at_0"' not in page.text
    for address in (change(free), f"{BLOCKS}{free.pk}/delete/"):
        answer = desk.post(address, {"post": "yes", **typed(wes)})
        assert "Somebody has booked that time" in said(answer)
        assert "move or cancel the session" in said(answer)
    assert "Somebody has booked that time" in said(desk.get(f"{BLOCKS}{free.pk}/delete/"))
    act(desk, BLOCKS, "delete_selected", free, post="yes")
    assert Block.objects.get().starts_at == free.starts_at


@pytest.mark.parametrize("is_deleted", [True, False])
def test_a_block_that_is_booked_while_its_page_is_open_stays(
    desk, wes, free, case, dentist, is_deleted, monkeypatch
):
    monkeypatch.setattr(Block, "was_booked", False)  # as it was when the page asked
    services.book(free, case, by=dentist, now=NOW)
    address = f"{BLOCKS}{free.pk}/delete/" if is_deleted else change(free)
    answer = desk.post(address, {"post": "yes", **typed(wes)})
    assert Block.objects.get().starts_at == free.starts_at
    assert is_deleted or "Somebody has booked that time meanwhile" in said(answer)


def test_who_deletes_a_block_of_weekly_hours_reads_that_it_comes_again(desk, wes, free):
    WorkingHours.objects.create(planner=wes, weekday=1, start=time(9), end=time(10))
    answer = desk.post(f"{BLOCKS}{free.pk}/delete/", {"post": "yes"})
    assert "open such a time again within a day" in said(answer)


def test_a_planner_has_only_their_own_name_and_zone_to_choose(client, make_staff, wes):
    pia = make_staff(PLANNER, email="pia@guidepost.example")
    make.Planner.objects.create(user=pia, time_zone="America/Denver")
    client.force_login(pia)
    page = client.get(f"{BLOCKS}add/").text
    assert "(America/Denver)" in page
    assert "Wes" not in page


def test_a_block_without_a_planner_is_refused_with_a_sentence(desk, wes):
    page = desk.post(f"{BLOCKS}add/", typed(wes) | {"planner": ""})
    assert page.status_code == 200
    assert "This field is required." in page.text
